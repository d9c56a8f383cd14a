"""Pictures of files: made in children that can harm nobody, kept with the content, gone with it."""

import asyncio
import io
import os
import random
import resource
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from PIL import Image

from synfonium.apps.drive.children import maker, office
from synfonium.apps.drive.errors import NoPreview, NoSuchNode
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.previews import Family, Made
from synfonium.apps.drive.service import DriveService, viewing
from synfonium.apps.drive.service.previews import Answer, Darkroom, Order
from synfonium.apps.drive.store.tables import blobs, photos, pictures, previews
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import client_of
from synfonium.kernel.actor import Person

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='100' height='50'><rect width='60' height='20'/></svg>"


def _noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(3).randbytes(3 * width * height))


def _image(format_: str, size: tuple[int, int] = (640, 480), **values: Any) -> bytes:
    held = io.BytesIO()
    _noise(*size).save(held, format_, **values)
    return held.getvalue()


def _pdf(pages: int = 1) -> bytes:
    import pypdfium2

    held, document = io.BytesIO(), pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 300)
    document.save(held)
    return held.getvalue()


def _film(seconds: int = 2) -> bytes:
    av = pytest.importorskip("av", reason="the extra `previews` is not installed")
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(10 * seconds):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 240), (index % 200, 80, 0)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return held.getvalue()


def _document(thumbnail: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("Thumbnails/thumbnail.png", thumbnail)
    return held.getvalue()


async def _make(family: Family, content: bytes, *sizes: int) -> Made:
    async def read(start: int, stop: int) -> AsyncIterator[bytes]:
        for at in range(start, stop, 1 << 20):
            yield content[at : min(stop, at + (1 << 20))]

    return await maker.make(family, len(content), read, list(sizes or (64, 256)))


def _looked(made: Made, size: int) -> Image.Image:
    image = Image.open(io.BytesIO(made.images[size]), formats=("WEBP",))
    image.load()
    return image


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
async def test_a_picture_has_a_preview(format_: str) -> None:
    made = await _make("image", _image(format_), 64, 256)
    assert (made.state, made.width, made.height) == ("ready", 640, 480)
    assert _looked(made, 256).size == (256, 192)
    assert _looked(made, 64).size == (64, 48)


@pytest.mark.parametrize(
    ("family", "content", "size"),
    [
        ("svg", lambda: SVG, (256, 128)),
        ("pdf", _pdf, (171, 256)),
        ("video", _film, (256, 192)),
        ("office", lambda: _document(_image("PNG")), (256, 192)),
    ],
)
async def test_other_kinds_have_one_too(
    family: Family, content: Callable[[], bytes], size: tuple[int, int]
) -> None:
    made = await _make(family, content())
    assert made.state == "ready"
    assert _looked(made, 256).size == size


async def test_a_photo_stands_upright_and_tells_when_it_was_taken_and_nothing_else() -> None:
    about = Image.Exif()
    about[0x0112], about[0x010F] = 6, "A camera with a name"
    about[0x8769] = {0x9003: "2024:05:06 09:08:09", 0x9011: "+02:00"}
    about[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0)}
    made = await _make("image", _image("JPEG", exif=about))
    assert (made.width, made.height) == (480, 640)
    assert _looked(made, 256).size == (192, 256)
    assert made.taken_s == 1714979289
    assert not _looked(made, 256).getexif()
    assert b"camera" not in made.images[256]


async def test_a_film_of_any_length_needs_its_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "HEAD_BYTES", 4000)
    monkeypatch.setattr(maker, "TAIL_BYTES", 20_000)
    assert (await _make("video", _film(60))).state == "ready"


# What strangers send to break decoders. Each is answered in bounded time, by nothing.


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png_bomb(width: int = 65_535, height: int = 65_535) -> bytes:
    """65,535 pixels square: 4 GB of grey from 4 MB of zeros, compressed once more."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" * 4_000_000, 9) * 10
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _png_words() -> bytes:
    """A text of 500 MB in a small picture."""
    plain = _image("PNG", (8, 8))
    words = _chunk(b"zTXt", b"words\0\0" + zlib.compress(b"A" * 500_000_000, 9))
    return plain[:33] + words + plain[33:]


def _gif_bomb() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + b"\0" * 6 + frame * 5000 + b";"


def _svg_bomb() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' for n in range(1, 12))
    doc = f'<!DOCTYPE svg [<!ENTITY e0 "lol">{entities}]>'
    return f"{doc}<svg xmlns='http://www.w3.org/2000/svg'><text>&e11;</text></svg>".encode()


def _svg_uses() -> bytes:
    """Each use holds ten of the one before: 10^9 rectangles."""
    groups = "".join(f"<g id='g{n}'>" + f"<use href='#g{n - 1}'/>" * 10 + "</g>" for n in range(1, 10))
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><defs>"
        f"<rect id='g0' width='9' height='9'/>{groups}</defs><use href='#g9'/></svg>"
    ).encode()


def _svg_reaches_out() -> bytes:
    return (
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
        b"<image href='file:///etc/passwd' width='9' height='9'/>"
        b"<image href='http://127.0.0.1:1/' width='9' height='9'/></svg>"
    )


def _webp_bomb() -> bytes:
    """A picture that says 16,384 pixels square, and holds sixteen (14 bits each, after a mark)."""
    whole = bytearray(_image("WEBP", (16, 16), lossless=True))
    at = whole.index(b"VP8L") + 9
    whole[at : at + 4] = (0x0FFFFFFF | int.from_bytes(whole[at : at + 4], "little")).to_bytes(4, "little")
    return bytes(whole)


def _pdf_bomb() -> bytes:
    """A page of 2 × 10^9 points that paints itself without an end."""
    inner, itself = b"/F Do " * 200, b"/Resources<</XObject<</F 5 0 R>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 2000000000 2000000000]/Contents 4 0 R%s>>" % itself,
        b"<</Length %d>>stream\n%s\nendstream" % (len(inner), inner),
        b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length %d>>stream\n%s\nendstream"
        % (itself, len(inner), inner),
    ]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    return bytes(out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)


def _office_bomb() -> bytes:
    return _document(b"\0" * 500_000_000)


def _office_nested() -> bytes:
    """A small picture that is a bomb itself."""
    return _document(_png_bomb())


def _endless_film() -> bytes:
    """A film whose pictures never begin: megabytes of nothing between its head and its tail."""
    film = _film()
    return film[:200] + os.urandom(30_000_000) + film[-200:]


def _mjpeg_giant() -> bytes:
    whole = bytearray(_image("JPEG", (64, 64)))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(whole)


BOMBS: dict[str, tuple[Family, Callable[[], bytes]]] = {
    "png": ("image", _png_bomb),
    "png words": ("image", _png_words),
    "png one row": ("image", lambda: _png_bomb(2_000_000_000, 1)),
    "gif": ("image", _gif_bomb),
    "webp": ("image", _webp_bomb),
    "jpeg giant": ("image", _mjpeg_giant),
    "svg entities": ("svg", _svg_bomb),
    "svg uses": ("svg", _svg_uses),
    "svg giant": ("svg", lambda: SVG.replace(b"'100'", b"'1'").replace(b"'50'", b"'1000000000'")),
    "svg out": ("svg", _svg_reaches_out),
    "pdf": ("pdf", _pdf_bomb),
    "office": ("office", _office_bomb),
    "office nested": ("office", _office_nested),
    "film": ("video", _endless_film),
    "nothing": ("image", lambda: b""),
    "noise": ("image", lambda: random.Random(1).randbytes(100_000)),
    "noise film": ("video", lambda: random.Random(1).randbytes(3_000_000)),
    "noise pdf": ("pdf", lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(100_000)),
    "cut jpeg": ("image", lambda: _image("JPEG")[:9000]),
    "cut png": ("image", lambda: _image("PNG")[:9000]),
    "cut avif": ("image", lambda: _image("AVIF")[:900]),
    "a jpeg that is a zip": ("office", lambda: _image("JPEG")),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_hostile_file_harms_nobody(name: str) -> None:
    """Answered within its time and its memory; the server is as it was, and nothing is left of the child."""
    family, content = BOMBS[name][0], BOMBS[name][1]()
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    made = await _make(family, content)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert time.monotonic() - started < maker.WALL_S + 5
    assert spent.ru_utime - before.ru_utime < 20
    assert spent.ru_maxrss < 1_700_000, "KiB; what this process had when it started the child counts too"
    assert all(len(image) < 1_000_000 for image in made.images.values())
    if name not in ("png words", "webp", "svg giant", "svg uses", "svg out", "pdf"):
        assert made.state == "none", name


async def test_changed_files_harm_nobody() -> None:
    """Every few bytes of real files are changed; whatever happens stays in the child."""
    chance = random.Random(11)
    wholes: list[tuple[Family, bytes]] = [
        ("image", _image("JPEG", (40, 30))),
        ("image", _image("PNG", (40, 30))),
        ("image", _image("AVIF", (40, 30))),
        ("pdf", _pdf()),
        ("video", _film(1)),
    ]
    for family, whole in wholes:
        for _ in range(4):
            changed = bytearray(whole)
            for _ in range(20):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            assert (await _make(family, bytes(changed))).state in ("ready", "none")


PROBE = """
import os, socket, sys, ctypes
from synfonium.libraries.confinement import confine
held = os.open("/etc/hostname", os.O_RDONLY)
confine(memory_bytes=1 << 30, cpu_s=5)
said = []
def does(name, act):
    try:
        act()
        said.append(name)
    except OSError:
        pass
does("open", lambda: os.open("/etc/passwd", os.O_RDONLY))
does("write", lambda: os.open("/tmp/left", os.O_WRONLY | os.O_CREAT))
does("look", lambda: os.stat("/etc/passwd"))
does("connect", lambda: socket.socket())
does("fork", os.fork)
does("exec", lambda: os.execv("/bin/true", ["true"]))
does("kill", lambda: os.kill(os.getppid(), 0))
does("link", lambda: os.readlink("/proc/self/exe"))
does("limits", lambda: __import__("resource").prlimit(0, 7, (9, 9)))
does("code", lambda: __import__("mmap").mmap(-1, 4096, prot=7))
assert os.read(held, 4) and os.fstat(held)
os.write(1, ",".join(said).encode())
os._exit(0)
"""


def test_a_child_can_reach_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""


def test_a_child_has_no_more_memory_than_it_may() -> None:
    """The same, without the confinement, gets it: the test can fail."""
    wants = "b = bytearray(1 << 29); import os; os.write(1, b'got it'); os._exit(0)"
    load = "from synfonium.libraries.confinement import confine"
    confined = f"{load}; confine(memory_bytes=1 << 28, cpu_s=5); {wants}"
    for program, expected in ((wants, b"got it"), (confined, b"")):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
        assert done.stdout == expected


# In the drive


class Worker:
    """The worker's commands, in this process; counts what it is asked for."""

    def __init__(self, house: House, drive: DriveService) -> None:
        self._house, self._drive = house, drive
        self.orders: list[Order] = []
        self.answer: Answer | None = None

    async def __call__(self, command: str, arguments: Any = None, progress: Any = None) -> Any:
        if command == "drive.read_picture_source":
            return await self._drive.previews.source(
                arguments["node"], arguments["version"], arguments["start"]
            )
        assert command == "drive.make_pictures"
        order = msgspec.convert(arguments, Order)
        self.orders.append(order)
        return self.answer or await Darkroom(self._house.context).make(order)


@pytest.fixture
def worker(house: House, drive: DriveService) -> Worker:
    worker = Worker(house, drive)
    house.context.call = worker  # type: ignore[misc]
    return worker


async def _rows(house: House, table: Any) -> int:
    return len(await house.context.database.read(lambda c: c.execute(table.select()).all()))


async def test_a_preview_is_made_once_and_kept_sealed(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    photo = await hand.file("a.jpg", _image("JPEG", (900, 600)))
    first = await asyncio.gather(*(drive.previews.of(ada, photo, 256) for _ in range(5)))
    assert len(worker.orders) == 1
    assert {picture.content for picture in first} == {first[0].content}
    assert Image.open(io.BytesIO(first[0].content)).size == (256, 171)
    assert (await drive.previews.of(ada, photo, 40)).content != first[0].content
    assert len(worker.orders) == 1, "the small sizes are made together"
    assert Image.open(io.BytesIO((await drive.previews.of(ada, photo, 800)).content)).size == (900, 600)
    assert [order.sizes for order in worker.orders] == [(64, 256), (1024,)]
    stored = b"".join([path.read_bytes() for path in house.context.home.rglob("*") if path.is_file()])
    assert first[0].content not in stored


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits until its pictures are there, however busy this machine is."""
    monkeypatch.setattr(viewing, "DOCUMENT_WAIT_S", 40.0)


async def test_a_document_shows_its_pages(
    drive: DriveService, hand: Hand, ada: Person, worker: Worker, patient: None
) -> None:
    paper = await drive.tree.node(ada, await hand.file("a.pdf", _pdf(3)))
    view = await drive.viewing.of(ada, paper)
    assert (view.kind, view.pages) == ("pages", 3)
    sizes = {
        Image.open(io.BytesIO((await drive.previews.of(ada, paper.id, 1024, page)).content)).size
        for page in (1, 2, 3)
    }
    assert sizes == {(683, 1024)}
    with pytest.raises(NoPreview):
        await drive.previews.of(ada, paper.id, 1024, 4)
    assert len(worker.orders) == 1


async def test_where_there_is_no_libreoffice_a_page_says_so(
    drive: DriveService,
    hand: Hand,
    ada: Person,
    worker: Worker,
    patient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(office, "is_here", lambda: False)
    plain = await drive.tree.node(ada, await hand.file("plain.docx", _document(b"no picture")))
    assert (await drive.viewing.of(ada, plain)).kind == "unseen"
    assert (await drive.viewing.of(ada, await drive.tree.node(ada, plain.id))).kind == "unseen"
    known = await drive.tree.node(ada, await hand.file("known.docx", _document(_image("PNG"))))
    view = await drive.viewing.of(ada, known)
    assert (view.kind, view.pages) == ("pages", 1)


async def test_a_nextcloud_client_gets_it_by_number_and_by_path(
    hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    await hand.file("a b.jpg", _image("JPEG", (900, 600)))
    await hand.file("a.bin", b"nothing to see")
    async with client_of(house) as client:
        files = "/remote.php/dav/files/ada"
        assert await client.value(f"{files}/a%20b.jpg", "nc:has-preview") == "true"
        assert await client.value(f"{files}/a.bin", "nc:has-preview") == "false"
        number = await client.value(f"{files}/a%20b.jpg", "oc:fileid")
        for path in (
            f"/index.php/core/preview?fileId={number}&x=256&y=256&a=1",
            "/index.php/core/preview.png?file=/a%20b.jpg&x=256&y=256",
            "/index.php/apps/files/api/v1/thumbnail/256/256/a%20b.jpg",
        ):
            got = await client("GET", path)
            assert got.headers["content-type"] == "image/webp"
            assert Image.open(io.BytesIO(got.content)).size == (256, 171)
            assert (await client("GET", path, if_none_match=got.headers["etag"])).status_code == 304
            assert (await client("GET", path, x_test_person="")).status_code == 401
        none = await client.value(f"{files}/a.bin", "oc:fileid")
        for path in (f"?fileId={none}", "?fileId=99999", "?file=/missing", "", "?fileId=x", "?x=-1&fileId=1"):
            assert (await client("GET", f"/index.php/core/preview{path}")).status_code == 404


async def test_equal_content_has_one_preview(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    content = _image("PNG", (300, 200))
    one, two = await hand.file("a.png", content), await hand.file("b.png", content)
    assert (await drive.previews.of(ada, one, 64)).content == (await drive.previews.of(ada, two, 64)).content
    assert len(worker.orders) == 1


async def test_what_has_none_is_not_tried_in_a_loop(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    broken = await hand.file("a.jpg", b"this is no picture")
    text = await hand.file("a.txt", b"nor this")
    for node in (broken, broken, text):
        with pytest.raises(NoPreview):
            await drive.previews.of(ada, node, 64)
    assert len(worker.orders) == 1
    worker.answer = Answer(state="slow")
    slow = await hand.file("b.jpg", b"takes for ever")
    for _ in range(10):
        with pytest.raises(NoPreview):
            await drive.previews.of(ada, slow, 64)
        house.clock.time_s += 4000
    assert len(worker.orders) == 4, "three times, hours apart"


async def test_pictures_go_with_their_content(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    photo = await hand.file("a.png", _image("PNG", (300, 200)))
    await drive.previews.of(ada, photo, 64)
    await drive.photos.want([photo])
    await drive.trash.put(ada, [photo])
    await drive.trash.empty(ada)
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    house.clock.time_s += 25 * 3600
    await drive.sweep.once()
    for table in (previews, pictures, photos, blobs):
        assert await _rows(house, table) == 0, table.name
    assert [name async for name in house.context.blobs.names()] == []


async def test_a_damaged_picture_is_made_anew(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    photo = await hand.file("a.png", _image("PNG", (300, 200)))
    before = await drive.previews.of(ada, photo, 64)
    name = (await house.context.database.read(lambda c: c.execute(pictures.select()).all()))[0].picture
    await house.context.blobs.delete(name)
    assert (await drive.previews.of(ada, photo, 64)).content == before.content


async def test_nobody_sees_pictures_of_what_is_not_theirs(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    photo = await hand.file("a.png", _image("PNG", (300, 200)))
    number = (await drive.tree.node(ada, photo)).number
    assert (await drive.previews.of_number(ada, number, 64)).content
    eve = house.person("eve")
    with pytest.raises(NoSuchNode):
        await drive.previews.of(eve, photo, 64)
    with pytest.raises(NoSuchNode):
        await drive.previews.of_number(eve, number, 64)
    await drive.trash.put(ada, [photo])
    with pytest.raises(NoSuchNode):
        await drive.previews.of(ada, photo, 64)


async def test_photos_stand_by_the_day_they_were_taken(
    drive: DriveService, hand: Hand, ada: Person, house: House, worker: Worker
) -> None:
    taken = {}
    for year in (2021, 2023, 2019):
        about = Image.Exif()
        about[0x8769] = {0x9003: f"{year}:05:06 07:08:09"}
        taken[year] = await hand.file(f"{year}.jpg", _image("JPEG", (64, 48), exif=about))
    now = await hand.file("screenshot.png", _image("PNG", (64, 48)))
    broken = await hand.file("broken.png", b"nothing")
    text = await hand.file("words.txt", b"words")
    for node in (*taken.values(), now, broken, text):
        await drive.photos.want([node])
    while await drive.photos.step():
        pass
    roll = await drive.photos.listing(ada)
    order = [photo.node.id for photo in roll.photos]
    assert set(order[:2]) == {now, broken}
    assert order[2:] == [taken[2023], taken[2021], taken[2019]]
    await drive.trash.put(ada, [taken[2021]])
    assert taken[2021] not in [photo.node.id for photo in (await drive.photos.listing(ada)).photos]
    reader = house.holder(ada, f"drive:node/{now}", "read")
    with pytest.raises(NoSuchNode):
        await drive.photos.listing(reader)


async def test_photos_come_page_by_page_without_gaps(
    drive: DriveService, hand: Hand, ada: Person, house: House
) -> None:
    ids: list[NodeId] = []
    for index in range(300):
        ids.append(await hand.file(f"{index}.png", b"%d" % index))
        house.clock.time_s += index % 3
    rows = await house.context.database.read(lambda c: c.execute(photos.select()).all())
    assert rows == []
    for node in ids:
        await drive.photos.want([node])
    seen, after = list[str](), ""
    while True:
        roll = await drive.photos.listing(ada, after)
        seen += [photo.node.id for photo in roll.photos]
        after = roll.after
        if not after:
            break
    assert sorted(seen) == sorted(ids)
    assert len(seen) == 300
