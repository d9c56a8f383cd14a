"""How fast are files kept, listed and read over WebDAV, and what does each cost the server?

    .venv/bin/python benchmarks/how_fast_is_the_drive.py [--rounds N] [--seconds S] [--large MIB]

Peers run in turn in each round, those that are installed of: rclone (`serve webdav`), nginx (its dav
module) and WsgiDAV (PyPI `wsgidav` and `cheroot`); none of them syncs, knows accounts, or keeps versions,
etags of folders, encryption or a search. The load is `wrk` (8 connections) and curl; both from Debian.
CPU is that of all the server's processes; `settled`: until it has also done what follows from the
writes (private search, journal, rules). Reference, measured on such a machine: Nextcloud 31 46 PUT/s
at 38 ms CPU, PROPFIND of 1,000 60 ms, GET 48/s; OpenCloud 50/s at 30 ms, 86 ms, 21/s.
Medians. Writes benchmarks/results/drive.json.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from answers import keep
from drive_peers import Place, ours, peers

WAYS = 8
FILE_BYTES = 4096
FILES = 1000
# What Nextcloud's desktop client asks, as far as WebDAV has it; ours answers all thirteen elsewhere.
PROPFIND = (
    b'<propfind xmlns="DAV:"><prop><resourcetype/><getlastmodified/><getcontentlength/><getetag/>'
    b"<getcontenttype/><creationdate/><displayname/></prop></propfind>"
)
THIRTEEN = (
    b'<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:resourcetype/>'
    b"<d:getlastmodified/><d:getcontentlength/><d:getetag/><oc:size/><oc:id/><oc:fileid/><oc:downloadURL/>"
    b"<oc:dDC/><oc:permissions/><oc:checksums/><oc:data-fingerprint/><oc:share-types/></d:prop></d:propfind>"
)
_PUT = """
local number, rest = 0, string.rep("x", {size} - 16)
function request()
  number = number + 1
  local body = string.format("%016d", number) .. rest
  return wrk.format("PUT", "{path}/" .. number .. ".bin", {{ {headers} }}, body)
end
"""
_GET = """
local number = 0
function request()
  number = number % {files} + 1
  -- wrk asks for one request that it does not send: there is no first file.
  return wrk.format("GET", "{path}/" .. number + 1 .. ".bin", {{ {headers} }})
end
"""
Measured = dict[str, float]


def load(place: Place, script: str, seconds: float, scratch: Path, **values: object) -> tuple[float, int]:
    """Requests a second and how many there were. Raises RuntimeError when some were refused."""
    path = place.url.partition("//")[2].partition("/")[2]
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in place.headers.items())
    lua = scratch / "load.lua"
    folder = values.pop("folder")
    lua.write_text(script.format(path=f"/{path}/{folder}".replace("//", "/"), headers=headers, **values))
    words = ["wrk", "-t1", f"-c{WAYS}", f"-d{seconds}s", "-s", str(lua), place.url]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{place.name}: {said}")
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    assert found is not None
    return int(found[1]) / float(found[2]), int(found[1])


def measure_small(place: Place, folder: str, seconds: float, scratch: Path) -> Measured:
    line, taken = place.connect(), Measured()
    place.ask(line, "MKCOL", f"/{folder}/")
    cpu_s = place.cpu_s()
    rate, count = load(place, _PUT, seconds, scratch, folder=folder, size=FILE_BYTES)
    taken["put_per_s"] = round(rate, 1)
    taken["put_cpu_ms"] = round((place.cpu_s() - cpu_s) / count * 1000, 3)
    place.settle()
    taken["put_cpu_settled_ms"] = round((place.cpu_s() - cpu_s) / count * 1000, 3)
    cpu_s = place.cpu_s()
    rate, gets = load(place, _GET, seconds, scratch, folder=folder, files=min(count - 2 * WAYS, FILES))
    taken["get_per_s"] = round(rate, 1)
    taken["get_cpu_ms"] = round((place.cpu_s() - cpu_s) / gets * 1000, 3)
    return taken


def measure_listing(place: Place, folder: str) -> Measured:
    """Of exactly 1,000 files."""
    line, taken = place.connect(), Measured()
    place.ask(line, "MKCOL", f"/{folder}/")
    for number in range(FILES):
        place.ask(line, "PUT", f"/{folder}/{number}.bin", os.urandom(64))
    place.settle()
    taken |= _list(place, f"/{folder}/", PROPFIND, "propfind")
    if place.name == "ours":
        nextcloud = Place("ours", place.url.replace("/dav/files", "/remote.php/dav/files"), place.pid)
        nextcloud.headers = place.headers
        taken |= _list(nextcloud, f"/{folder}/", THIRTEEN, "propfind_13")
    return taken


def _list(place: Place, path: str, body: bytes, name: str) -> Measured:
    line, times, cpu_s = place.connect(), list[float](), place.cpu_s()
    for _ in range(30):
        began_s = time.perf_counter()
        place.ask(line, "PROPFIND", path, body, depth="1")
        times.append((time.perf_counter() - began_s) * 1000)
    cpu_ms = (place.cpu_s() - cpu_s) / 30 * 1000
    return {f"{name}_ms": round(statistics.median(times), 2), f"{name}_cpu_ms": round(cpu_ms, 2)}


def measure_large(place: Place, folder: str, source: Path) -> Measured:
    taken, mib = Measured(), source.stat().st_size / (1 << 20)
    place.ask(place.connect(), "MKCOL", f"/{folder}/")
    auth = [word for name, value in place.headers.items() for word in ("-H", f"{name}: {value}")]
    curl = ["curl", "-sSf", "-o", "/dev/null", "-H", "Expect:", *auth]
    url = f"{place.url}/{folder}/large.bin"
    for name, words in (("put", ["-T", str(source), url]), ("get", [url])):
        cpu_s, began_s = place.cpu_s(), time.perf_counter()
        subprocess.run([*curl, *words], check=True, timeout=300)
        took_s = time.perf_counter() - began_s
        taken[f"large_{name}_mb_per_s"] = round(mib * 1.048576 / took_s, 1)
        taken[f"large_{name}_cpu_s_per_gib"] = round((place.cpu_s() - cpu_s) / mib * 1024, 2)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--large", type=int, default=512, help="MiB of the large file")
    asked = parser.parse_args()
    taken: dict[str, list[Measured]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))) / "large"
        source.write_bytes(os.urandom(asked.large << 20))
        places = [stack.enter_context(ours(folder))]
        for name, open_ in peers().items():
            (folder / name).mkdir()
            places.append(stack.enter_context(open_(folder / name)))
        for number in range(asked.rounds):
            for place in places:
                found = measure_small(place, f"small{number}", int(asked.seconds), folder)
                found |= measure_listing(place, f"listed{number}") if place.lists else {}
                found |= measure_large(place, f"large{number}", source)
                taken.setdefault(place.name, []).append(found)
                print(place.name, found, flush=True)
    medians = {
        name: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        for name, rounds in taken.items()
    }
    keep("drive", {"rounds": asked.rounds, "large_mib": asked.large, "medians": medians})


if __name__ == "__main__":
    main()
