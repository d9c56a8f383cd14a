"""Makes a small picture of one that a stranger's site sent, in a child of its own.

`python -I -m synfonium.apps.search.children.picture FD SIZE` reads the open file FD and writes a WebP
whose longer side has at most SIZE pixels, or nothing. Decoders are loaded first; then the child gives
up files, network and programs (libraries/confinement.py), and only then looks at the content.
"""

import io
import os
import sys
from typing import BinaryIO

from PIL import AvifImagePlugin, Image, ImageOps

from synfonium.libraries.confinement import confine

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_S = 5
MOST_PIXELS = 40_000_000
QUALITY = 78
# Drawings (SVG) are programs more than pictures, and none of these.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "BMP", "ICO")


def _load() -> None:
    """What the decoders would open files for later, when they no longer can."""
    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    for name in ("WEBP", "PNG", "JPEG", "AVIF"):
        held = io.BytesIO()
        Image.new("RGB", (8, 8), "white").save(held, name)
        with Image.open(held, formats=(name,)) as image:
            ImageOps.exif_transpose(image.convert("RGB"))


def small(source: BinaryIO, size: int) -> bytes:
    """A WebP without anything that the file said of itself. Raises whatever the decoder raises,
    and ValueError for more pixels than a photograph has."""
    image = Image.open(source, formats=tuple(name for name in FORMATS if name in Image.OPEN))
    if not image.width or image.width * image.height > MOST_PIXELS:
        raise ValueError("more pixels than we draw")
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (size, size))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    has_alpha = "A" in upright.mode or "transparency" in upright.info
    out = io.BytesIO()
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    plain.save(out, "WEBP", quality=QUALITY, method=3, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def main() -> None:
    fd, size = int(sys.argv[1]), int(sys.argv[2])
    Image.MAX_IMAGE_PIXELS = None  # our own limit is the lower one
    _load()
    source, out = os.fdopen(fd, "rb"), sys.stdout.buffer
    confine(memory_bytes=MEMORY_BYTES, cpu_s=CPU_S)
    try:
        made = small(source, size)
    except Exception:
        made = b""
    out.write(made)
    out.flush()
    # Nothing of ours is left to be tidied, and decoders' own tidying may want what it cannot have.
    os._exit(0)


if __name__ == "__main__":
    main()
