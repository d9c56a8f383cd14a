"""Makes pictures of one file that somebody stored, in a child of its own.

`python -I -m synfonium.apps.drive.children.preview FAMILY FD PAGES SIZE …` reads the open file FD, whose
middle may be a hole, and writes a `Made` as msgpack. Decoders are loaded first; then the child gives
up files, network and programs (libraries/confinement.py), and only then looks at the content.
"""

import codecs
import importlib
import io
import os
import pkgutil
import sys
import time
import zipfile
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from PIL import AvifImagePlugin, Image, ImageCms, ImageOps

from synfonium.apps.drive.model.previews import LARGE, Made, key_of
from synfonium.libraries.confinement import confine

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_S = 10
PAGES_S = 5.0
MOST_PIXELS = 64_000_000
MOST_JPEG_PIXELS = 400_000_000
MOST_PACKETS = 600
QUALITY = 80
LARGEST_PART = 16 * 1024 * 1024
LARGEST_SVG = 4 * 1024 * 1024
_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "HEIF")
_TAKEN, _OFFSET, _EXIF_PART, _ORIENTATION = 0x9003, 0x9011, 0x8769, 0x0112
_THUMBNAILS = ("Thumbnails/thumbnail.png", "docProps/thumbnail.jpeg", "docProps/thumbnail.png")


class NoPicture(Exception):
    """There is none to be had."""


def _load(family: str) -> None:
    """What Python and the decoders would open files for later, when they no longer can."""
    for codec in ("utf-8-sig", "cp437", "latin-1", "ascii", "utf-16-le", "utf-16-be"):
        codecs.lookup(codec)
    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with suppress(ImportError):
        import pi_heif

        pi_heif.register_heif_opener()
    for name in ("WEBP", "PNG", "JPEG", "AVIF"):
        held = io.BytesIO()
        Image.new("RGB", (8, 8), "white").save(held, name)
        with Image.open(held, formats=(name,)) as image:
            ImageOps.exif_transpose(image.convert("RGB"))
            image.getexif().get_ifd(_EXIF_PART)
    ImageCms.createProfile("sRGB")
    if family == "pdf":
        import pypdfium2

        pypdfium2.PdfDocument.new().close()
    elif family in ("video", "audio"):
        _load_av()
    elif family == "svg":
        import resvg_py

        resvg_py.svg_to_bytes(svg_string="<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>")


def _load_av() -> None:
    """Every module of it: it imports those of a stream's kind when it meets one."""
    import av

    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(module.name)
    av.logging.set_level(None)


def _open(source: BinaryIO, formats: tuple[str, ...] = _FORMATS) -> Image.Image:
    known = tuple(name for name in formats if name in Image.OPEN)
    return Image.open(source, formats=known)


def _image(source: BinaryIO, wanted: int) -> tuple[Image.Image, Made]:
    image = _open(source)
    is_jpeg = image.format in ("JPEG", "MPO")
    width, height = image.size
    if not width or not height or width * height > (MOST_JPEG_PIXELS if is_jpeg else MOST_PIXELS):
        raise NoPicture
    about = image.getexif()
    taken_s = _taken(about)
    if is_jpeg:
        image.draft("RGB", (wanted, wanted))
    if about.get(_ORIENTATION) in (5, 6, 7, 8):
        width, height = height, width
    upright = ImageOps.exif_transpose(image)
    return upright, Made(state="ready", taken_s=taken_s, width=width, height=height)


def _taken(about: Image.Exif) -> float | None:
    """When the camera took it, by its own clock; as UTC where it does not say where it was."""
    try:
        part = about.get_ifd(_EXIF_PART)
        said, offset = str(part[_TAKEN]), str(part.get(_OFFSET, "+00:00"))
        iso = f"{said[:4]}-{said[5:7]}-{said[8:10]}T{said[11:19]}"
        return datetime.fromisoformat(iso + (offset if len(offset) == 6 else "+00:00")).timestamp()
    except Exception:  # whatever stands there, a picture is a picture
        return None


def _svg(source: BinaryIO, wanted: int) -> tuple[Image.Image, Made]:
    import resvg_py

    text = source.read(LARGEST_SVG + 1)
    if len(text) > LARGEST_SVG or text[:2] == b"\x1f\x8b":
        raise NoPicture
    png = resvg_py.svg_to_bytes(svg_string=text.decode("utf-8-sig"), width=wanted, skip_system_fonts=True)
    image = _open(io.BytesIO(bytes(png)), ("PNG",))
    if image.width * image.height > MOST_PIXELS:
        raise NoPicture
    return image, Made(state="ready", width=image.width, height=image.height)


def _pdf(source: BinaryIO, wanted: int) -> tuple[Image.Image, Made]:
    import pypdfium2

    page = pypdfium2.PdfDocument(source.read())[0]
    width, height = page.get_size()
    return _page(page, wanted), Made(state="ready", width=round(width), height=round(height))


def _page(page: "PdfPage", wanted: int) -> Image.Image:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise NoPicture
    scale = wanted / max(width, height)
    image: Image.Image = page.render(scale=scale, fill_color=(255, 255, 255, 255)).to_pil()
    return image


def _others(source: BinaryIO, pages: int) -> dict[int, bytes]:
    """The pages from the second on, as many as there is time for."""
    import pypdfium2

    source.seek(0)
    document = pypdfium2.PdfDocument(source.read())
    found: dict[int, bytes] = {}
    for number in range(2, min(pages, len(document)) + 1):
        if time.process_time() > PAGES_S:
            break
        found[key_of(LARGE, number)] = _encoded(_page(document[number - 1], LARGE).convert("RGB"), LARGE)
    return found


def _film(source: BinaryIO, wanted: int) -> tuple[Image.Image, Made]:
    """The first whole picture of a film, or the cover of a piece of music."""
    import av

    with av.open(source, "r", options={"max_pixels": str(MOST_PIXELS)}) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        for count, packet in enumerate(container.demux(stream)):
            for frame in packet.decode():
                if frame.width * frame.height > MOST_PIXELS:
                    raise NoPicture
                image: Image.Image = frame.to_image(threads=1)  # type: ignore[no-untyped-call]
                turned = getattr(frame, "rotation", 0) % 360
                image = image.rotate(turned, expand=True) if turned else image
                taken_s = _when(container.metadata.get("creation_time", ""))
                return image, Made(state="ready", taken_s=taken_s, width=image.width, height=image.height)
            if count >= MOST_PACKETS:
                break
    raise NoPicture


def _when(text: str) -> float | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        # Cameras without a clock say 1904 or 1970.
        return moment.timestamp() if moment.year > 1971 else None
    return None


def _office(source: BinaryIO, wanted: int) -> tuple[Image.Image, Made]:
    """The small picture that the program which wrote the document put into it."""
    with zipfile.ZipFile(source) as archive:
        for name in _THUMBNAILS:
            with suppress(KeyError):
                with archive.open(name) as part:
                    content = part.read(LARGEST_PART + 1)
                if len(content) > LARGEST_PART:
                    raise NoPicture
                image, made = _image(io.BytesIO(content), wanted)
                return image, Made(state="ready", width=made.width, height=made.height)
    raise NoPicture


_MAKERS = {"image": _image, "svg": _svg, "pdf": _pdf, "video": _film, "audio": _film, "office": _office}


def _encoded(image: Image.Image, size: int) -> bytes:
    """A WebP whose longer side has at most so many pixels, without anything that the file said of
    itself."""
    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as a browser shows them, in RGB with or without transparency."""
    profile = image.info.get("icc_profile")
    if image.mode in ("I;16", "I", "F"):
        image = image.convert("L")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        with suppress(Exception):
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return turned if turned is not None else image
    has_alpha = "A" in image.mode or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def make(family: str, source: BinaryIO, sizes: list[int], pages: int = 1) -> Made:
    """pages: how many of a PDF are wanted, the first in all sizes. Raises whatever the decoder raises."""
    image, made = _MAKERS[family](source, max(sizes))
    image.thumbnail((max(sizes), max(sizes)), Image.Resampling.LANCZOS, reducing_gap=2.0)
    plain = _in_srgb(image)
    images = {size: _encoded(plain, size) for size in sizes}
    if family == "pdf" and pages > 1:
        images |= _others(source, pages)
    return msgspec.structs.replace(made, images=images)


def main() -> int:
    family, fd, pages, *sizes = sys.argv[1:]
    Image.MAX_IMAGE_PIXELS = None  # our own limits know the format
    _load(family)
    source = os.fdopen(int(fd), "rb")
    out = sys.stdout.buffer
    confine(memory_bytes=MEMORY_BYTES, cpu_s=CPU_S)
    try:
        made = make(family, source, [int(size) for size in sizes], int(pages))
    except Exception:
        made = Made(state="none")
    out.write(msgspec.msgpack.encode(made))
    out.flush()
    # Nothing of ours is left to be tidied, and decoders' own tidying may want what it cannot have.
    os._exit(0)


if __name__ == "__main__":
    main()
