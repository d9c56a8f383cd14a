"""How long from the first `./run` in a fresh copy to the sign-in page, and from the second?
How much memory do all roles hold together when nothing happens?

    .venv/bin/python benchmarks/how_soon_is_the_first_page_there.py [--rounds N]

Goals: 60 s fresh with warm package caches, 3 s again, 250 MiB idle (proportional set size).
Writes benchmarks/results/first_page.json.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from answers import keep, pss_mib

ROOT = Path(__file__).resolve().parents[1]
IDLE_S = 10
LIMIT_S = 300
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="second starts to take the median of")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "synfonium"
        copy_project(checkout)
        fresh_s, _ = start(checkout)
        again = [start(checkout) for _ in range(rounds)]
    answer = {
        "fresh_s": round(fresh_s, 1),
        "again_s": round(statistics.median(seconds for seconds, _ in again), 2),
        "idle_pss_mib": round(statistics.median(mib for _, mib in again)),
        "goals": {"fresh_s": 60, "again_s": 3, "idle_pss_mib": 250},
    }
    keep("first_page", answer)


def copy_project(checkout: Path) -> None:
    """Copy what git would give a newcomer, as it stands in the work tree."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)


def start(checkout: Path) -> tuple[float, float]:
    """Seconds until the sign-in page answers, and idle MiB of all processes; then stop."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "SYNFONIUM_HOME": str(checkout.parent / "home")}
    began_s = time.monotonic()
    log = (checkout.parent / "log").open("w")
    server = subprocess.Popen(["./run", "--port", str(port)], cwd=checkout, env=env, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/signin", server, checkout.parent / "log")
        took_s = time.monotonic() - began_s
        time.sleep(IDLE_S)
        return took_s, pss_mib(server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline_s:
        if server.poll() is not None:
            break
        try:
            with _DIRECT.open(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit(f"the page never came:\n{log.read_text()}")


if __name__ == "__main__":
    main()
