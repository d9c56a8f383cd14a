"""Makes archives laid out as Google Takeout does, and hostile ones that only look so."""

import io
import json
import struct
import tarfile
import zipfile
import zlib

__all__ = ["note_of", "tgz_of", "zip_of"]

Files = dict[str, bytes]
ZIP_TIME = (2021, 3, 4, 5, 6, 8)
TAKEN_S = 1_500_000_000


def note_of(title: str, taken_s: int = TAKEN_S) -> bytes:
    """What Google writes beside a picture."""
    when = {"timestamp": str(taken_s), "formatted": "14 juil. 2017, 02:40:00 UTC"}
    said = {
        "title": title,
        "description": "",
        "imageViews": "3",
        "creationTime": {"timestamp": "1600000000", "formatted": "13 sept. 2020, 12:26:40 UTC"},
        "photoTakenTime": when,
        "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "url": "https://photos.example.org/photo/x",
    }
    return json.dumps(said, indent=2).encode()


def zip_of(files: Files, *, top: str = "Takeout/", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(top + path, ZIP_TIME)
            info.compress_type = zipfile.ZIP_STORED if path.endswith("/") else method
            info.external_attr = (0o40755 if path.endswith("/") else 0o100644) << 16
            archive.writestr(info, content)
    return out.getvalue()


def tgz_of(files: Files, *, top: str = "Takeout/", form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=form) as archive:
        for path, content in files.items():
            info = tarfile.TarInfo((top + path).rstrip("/"))
            info.type = tarfile.DIRTYPE if path.endswith("/") else tarfile.REGTYPE
            info.size, info.mtime = len(content), 1_614_834_368
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def bomb_in_zip(path: str, size_bytes: int) -> bytes:
    """A deflated run of zeros, a thousand times smaller."""
    return zip_of({path: bytes(size_bytes)})


def overlapping_zip() -> bytes:
    """Two entries that share the bytes of one."""
    whole = bytearray(zip_of({"a.txt": b"a" * 100, "b.txt": b"a" * 100}, method=zipfile.ZIP_STORED))
    second = whole.find(b"PK\1\2", whole.find(b"PK\1\2") + 1)
    whole[second + 42 : second + 46] = struct.pack("<L", 10)
    return bytes(whole)


def endless_tgz(size_bytes: int) -> bytes:
    """A tar header that announces what follows, and zeros without end, packed well."""
    head = tarfile.TarInfo("Takeout/zeros")
    head.size = size_bytes
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = pack.compress(head.tobuf())
    for _ in range(size_bytes // 1_000_000):
        out += pack.compress(bytes(1_000_000))
    return out + pack.flush()


def tar_with_links() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for kind, target in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "../../x")):
            info = tarfile.TarInfo(f"Takeout/link{kind.decode()}")
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("Takeout/pipe")
        info.type = tarfile.FIFOTYPE
        archive.addfile(info)
        info = tarfile.TarInfo("Takeout/ok.txt")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"ok"))
    return out.getvalue()
