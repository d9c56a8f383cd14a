"""How long from a key struck in the browser to its pixel in the browser, through a whole PC?

    .venv/bin/python benchmarks/how_long_from_key_to_pixel.py [--keys N] [--images DIR]

A terminal in the PC turns black and white with each key. The time runs from the browser's
key event to the moment when a point of the canvas has changed, looked at every
millisecond. `floor` is the same without a PC: the page paints the point itself.
Reference (docs of the peers' measurement, quiet machine): noVNC 27 / 35 ms.
Goals: p95 at most 40 ms on loopback, no key lost. Writes results/key_to_pixel.json.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from answers import cpu_s, keep
from playwright.sync_api import Page, sync_playwright

from synfonium.testing.server import RealServer, family, real_server

PASSWORD = "a long enough password"
LOST_AFTER_MS = 2000
TERMINAL_AT = (89, 700)
TURN = "while read -rsn1; do s=$((1-s)); printf '\\e[?5%s' $([ $s = 1 ] && echo h || echo l); done\n"
WATCH = """
(local) => {
  const canvas = document.querySelector("#screen canvas");
  const context = canvas.getContext("2d");
  const light = () => context.getImageData(500, 350, 1, 1).data[1] > 127;
  window.next = () => new Promise((resolve) => {
    const before = light();
    let began = 0;
    const timer = setInterval(() => {
      if (began && light() !== before) { clearInterval(timer); resolve(performance.now() - began); }
      else if (began && performance.now() - began > LOST) { clearInterval(timer); resolve(-1); }
    }, 1);
    document.querySelector(".pc-keys").addEventListener("keydown", (event) => {
      began = event.timeStamp;
      if (local) { context.fillStyle = before ? "#000" : "#fff"; context.fillRect(490, 340, 20, 20); }
    }, { once: true, capture: true });
  });
}
""".replace("LOST", str(LOST_AFTER_MS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--images", help="folder that keeps built images between runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if options.images:
            (home / "apps" / "pc").mkdir(parents=True)
            (home / "apps" / "pc" / "images").symlink_to(Path(options.images).absolute())
        with real_server(home) as server:
            answer = measure(server, options.keys)
            server.run("pc", "delete", "Bureau")
    keep("key_to_pixel", {**answer, "goals": {"p95_ms": 40, "lost": 0}})


def measure(server: RealServer, keys: int) -> dict[str, object]:
    server.run("pc", "image", "build", "debian-desktop", timeout_s=900)
    server.person("ana", password=PASSWORD)
    server.run("pc", "create", "ana", "--name", "Bureau")
    began_s = time.monotonic()
    server.run("pc", "start", "Bureau")
    started_s = time.monotonic() - began_s
    with sync_playwright() as playwright:
        chromium = str(shutil.which("chromium"))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.request.post(
            f"{server.url}/signin",
            form={"name": "ana", "password": PASSWORD},
            headers={"origin": server.url},
            max_redirects=0,
        )
        page = context.new_page()
        page.goto(f"{server.url}/pc")
        began_s = time.monotonic()
        page.click("a.btn.main")
        page.wait_for_selector("#screen[data-state=live]", timeout=20_000)
        shown_s = time.monotonic() - began_s
        page.mouse.click(*TERMINAL_AT)
        page.wait_for_timeout(3000)
        page.keyboard.type(TURN, delay=10)
        page.wait_for_timeout(1000)
        through_pc = strike(page, keys, local=False)
        idle = idle_share(server)
        floor = strike(page, keys, local=True)
        browser.close()
    return {
        "keys": keys,
        "key_to_pixel_ms": through_pc,
        "floor_ms": floor,
        "start_command_s": round(started_s, 2),
        "click_to_picture_s": round(shown_s, 2),
        "streamer_idle_share_of_a_core": idle,
    }


def strike(page: Page, keys: int, *, local: bool) -> dict[str, float]:
    """p50, p95, greatest in ms, and how many keys changed nothing."""
    page.evaluate(WATCH, local)
    taken: list[float] = []
    for _ in range(keys):
        page.evaluate("() => { window.waiting = window.next() }")
        page.keyboard.press("F6" if local else "a")
        taken.append(float(page.evaluate("() => window.waiting")))
        page.wait_for_timeout(120)
    seen = sorted(value for value in taken if value >= 0)
    return {
        "p50": round(statistics.median(seen), 1),
        "p95": round(seen[int(len(seen) * 0.95) - 1], 1),
        "max": round(seen[-1], 1),
        "lost": len(taken) - len(seen),
    }


def idle_share(server: RealServer, seconds: float = 5.0) -> float:
    """CPU of the streamer's processes while nothing moves, as a share of one core."""
    pids = [
        pid for pid in family(server.pid) if b"stream.streamer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    time.sleep(1)
    before = sum(cpu_s(pid) for pid in pids)
    time.sleep(seconds)
    return round((sum(cpu_s(pid) for pid in pids) - before) / seconds, 3)


if __name__ == "__main__":
    main()
