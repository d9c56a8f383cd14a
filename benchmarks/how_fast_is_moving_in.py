"""How fast does somebody move in, from a server of rclone's?

    .venv/bin/python benchmarks/how_fast_is_moving_in.py [--files N] [--large MIB]

The peer is `rclone copy` from the same server into our WebDAV, with as many transfers at once (8): it is
told nothing of what is there already, keeps no note, and does not go on after a kill. Small files of 4 KiB in
folders of 100, then one large file. Writes benchmarks/results/moving_in.json.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from answers import keep

from synfonium.testing.ports import free_ports
from synfonium.testing.server import RealServer, real_server

WAYS = 8
FILE_BYTES = 4096
PER_FOLDER = 100


def small(root: Path, files: int) -> None:
    for number in range(files):
        path = root / "small" / f"f{number // PER_FOLDER}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(FILE_BYTES))


def large(root: Path, size_mib: int) -> None:
    (root / "large").mkdir()
    with (root / "large" / "large.bin").open("wb") as file:
        for _ in range(size_mib):
            file.write(os.urandom(1024 * 1024))


@contextmanager
def source(root: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_ports()[0]}/"
    quiet = subprocess.DEVNULL
    words = ["rclone", "serve", "webdav", str(root), "--addr", url[7:-1]]
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet)
    try:
        for _ in range(200):
            try:
                httpx.get(url)
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def moved_s(server: RealServer, token: str, url: str, into: str) -> float:
    """From the click until the page says that everything is here."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as ada:
        begun_s = time.monotonic()
        form = {"kind": "webdav", "url": url, "into": into}
        page = ada.post("/drive/move-in", data=form).headers["location"]
        while (told := ada.get(f"{page}/progress").json())["state"] in ("waiting", "running"):
            time.sleep(0.05)
        took_s = time.monotonic() - begun_s
        if told["state"] != "done" or told["not_taken"]:
            raise RuntimeError(f"not everything came: {told}")
        return took_s


def copied_s(server: RealServer, token: str, url: str, into: str) -> float:
    obscured = subprocess.run(["rclone", "obscure", token], capture_output=True, text=True, check=True)
    secret = obscured.stdout.strip()
    theirs = f":webdav,url='{url}':"
    ours = f":webdav,url='{server.url}/dav/files/ada',user=ada,pass='{secret}':{into}"
    begun_s = time.monotonic()
    ways = ["--transfers", str(WAYS), "--checkers", str(WAYS)]
    subprocess.run(["rclone", "copy", theirs, ours, *ways], check=True)
    return time.monotonic() - begun_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--large", type=int, default=256, help="MiB")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "elsewhere"
        small(root, args.files)
        large(root, args.large)
        environment = {"SYNFONIUM_DRIVE_LOCAL_SOURCES": "true"}
        with real_server(Path(folder) / "home", environment=environment) as server, source(root) as url:
            token = server.person("ada")
            found = {}
            for name, way in (("ours", moved_s), ("rclone copy", copied_s)):
                few_s = way(server, token, f"{url}small/", f"{name} small")
                one_s = way(server, token, f"{url}large/", f"{name} large")
                found[name] = {
                    "files_per_s": round(args.files / few_s, 1),
                    "mb_per_s": round(args.large * 1.048576 / one_s, 1),
                }
    keep("moving_in", {"files": args.files, "large_mib": args.large, **found})


if __name__ == "__main__":
    main()
