"""How long does the machine make a person wait who gives an app of another origin one file?

    .venv/bin/python benchmarks/how_long_does_a_pick_take.py [--picks N] [--single]

A real server with all its roles (`--single`: in one process), and on another origin a page of a
stranger with the element kit and no server of its own. A person in Chromium presses the page's
button, chooses a file in the window, and gives it; the page then holds its content. Only the
machine's time counts: from the press until the list can be used and has been painted (`list_ms`),
and from the giving until the page holds the content (`content_ms`); not what the person takes. All by
the browser's clock. `server_cpu_ms` is what the server's processes worked for one pick, its housekeeping
meanwhile taken off (`rest_cpu_ms_a_s`, measured before); `browser_cpu_ms` what the browser did.
`floor_ms`: such a window, opened on a word of the same server that needs no page, until it is painted.
Goals: at most 2 clicks, 300 ms. Writes benchmarks/results/pick.json.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from answers import cpu_s, keep
from playwright.sync_api import BrowserContext, Page, sync_playwright

from synfonium.testing.server import RealServer, family, real_server

PASSWORD = "a long enough password"
FILES, REST_S, WARM_UP = 20, 5, 3
HOST = "reader.localhost"
MANIFEST = {
    "id": "reader",
    "name": "Reader",
    "synfonium": {"redirect_uris": ["/"], "asks": {"file/1": ["read"]}},
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Reader</title>
<script type="module" src="%(home)s/static/kit/elements.js"></script>
<script>
addEventListener("syn-picked", async ({ detail }) => {
  const headers = { authorization: `Bearer ${detail.token.access_token}` };
  await (await fetch(detail.items[0].locations[0], { headers })).text();
  mark("held");
});
</script>
<syn-pick client-id="%(client)s" media-types="text/*">Choose a text</syn-pick>
<button id="word">A word</button>
<script>
document.querySelector("#word").onclick = () => {
  mark("pressed");
  open("%(home)s/readyz", "_blank", "popup,width=560,height=720");
};
</script>"""
# Told by both pages; `shown` after the frame in which the list was painted.
MARKS = """
window.mark = (name) => console.debug(`mark ${name} ${performance.timeOrigin + performance.now()}`);
addEventListener("click", ({ target, detail }) => {
  if (detail) mark("click");
  if (target.closest("syn-pick")) mark("pressed");
}, true);
addEventListener("submit", () => mark("given"), true);
const painted = () => requestAnimationFrame(() => setTimeout(() => mark("shown")));
addEventListener("DOMContentLoaded", () => {
  if (document.querySelector(".chooser") || location.pathname === "/readyz") painted();
});
"""


@contextmanager
def origin(pages: dict[str, str]) -> Iterator[int]:
    """A web server of a stranger with these pages, still to be filled in."""

    class Doors(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Doors)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


class Marks:
    """What the pages told, by the browser's clock in ms; the first of each name counts."""

    def __init__(self, context: BrowserContext) -> None:
        self.at: dict[str, float] = {}
        self.clicks = 0
        context.add_init_script(MARKS)
        context.on("console", lambda message: self._hear(message.text))

    def _hear(self, text: str) -> None:
        if text.startswith("mark "):
            _mark, name, at = text.split()
            self.clicks += name == "click"
            self.at.setdefault(name, float(at))

    def begin(self) -> None:
        self.at, self.clicks = {}, 0

    def wait(self, page: Page, name: str) -> None:
        deadline = time.monotonic() + 30
        while name not in self.at:
            assert time.monotonic() < deadline, f"no {name}: {self.at}"
            page.wait_for_timeout(20)


def work_ms(pid: int) -> float:
    return 1000 * sum(cpu_s(one) for one in family(pid))


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return {
        "least": round(ordered[0], 1),
        "p50": round(statistics.median(ordered), 1),
        "p95": round(p95, 1),
    }


def one_pick(page: Page, marks: Marks) -> dict[str, float]:
    page.goto(page.url)
    page.wait_for_timeout(200)
    marks.begin()
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Choose a text").click()
    marks.wait(popup.value, "shown")
    clicks_of_app = marks.clicks
    popup.value.get_by_label("poem.txt").check()
    popup.value.get_by_role("button", name="Give", exact=True).click()
    marks.wait(page, "held")
    at = marks.at
    lists, content = at["shown"] - at["pressed"], at["held"] - at["given"]
    return {
        "list_ms": lists,
        "content_ms": content,
        "both_ms": lists + content,
        "clicks_in_picker": marks.clicks - clicks_of_app,
    }


def floor_ms(page: Page, marks: Marks) -> float:
    page.goto(page.url)
    page.wait_for_timeout(200)
    marks.begin()
    with page.expect_popup() as popup:
        page.locator("#word").click()
    marks.wait(popup.value, "shown")
    popup.value.close()
    return marks.at["shown"] - marks.at["pressed"]


def measure(server: RealServer, picks: int, folder: Path) -> dict[str, Any]:
    pages: dict[str, str] = {}
    with origin(pages) as port, sync_playwright() as playwright:
        client = prepared(server, folder, f"http://{HOST}:{port}")
        pages["/"] = PAGE % {"home": server.url, "client": client}
        chromium = playwright.chromium.launch(
            executable_path=str(shutil.which("chromium")), args=["--no-sandbox"]
        )
        context = chromium.new_context(locale="en-GB")
        signed = context.request.post(
            f"{server.url}/signin",
            form={"name": "ana", "password": PASSWORD},
            headers={"origin": server.url},
            max_redirects=0,
        )
        assert signed.status == 303
        marks, page = Marks(context), context.new_page()
        page.goto(f"http://{HOST}:{port}/")
        for _ in range(WARM_UP):
            one_pick(page, marks)
        began, before = time.monotonic(), [work_ms(pid) for pid in (server.pid, browser_pid())]
        found = [one_pick(page, marks) for _ in range(picks)]
        after, took_s = [work_ms(pid) for pid in (server.pid, browser_pid())], time.monotonic() - began
        rest = rest_ms_a_s(server.pid)
        floors = [floor_ms(page, marks) for _ in range(picks)]
        chromium.close()
    clicks = {int(one.pop("clicks_in_picker")) for one in found}
    return {
        "picks": picks,
        "clicks_in_the_picker": sorted(clicks),
        **{name: spread([one[name] for one in found]) for name in found[0]},
        "floor_ms": spread(floors),
        "server_cpu_ms": round((after[0] - before[0] - rest * took_s) / picks, 1),
        "browser_cpu_ms": round((after[1] - before[1]) / picks, 1),
        "rest_cpu_ms_a_s": round(rest, 1),
    }


def rest_ms_a_s(pid: int) -> float:
    before, began = work_ms(pid), time.monotonic()
    time.sleep(REST_S)
    return (work_ms(pid) - before) / (time.monotonic() - began)


def prepared(server: RealServer, folder: Path, at: str) -> str:
    """Ana, her files, and the page as an app of everybody's; its client id."""
    token = server.person("ana", password=PASSWORD)
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as drive:
        for name in ("poem.txt", *(f"other{number}.txt" for number in range(FILES))):
            answer = drive.put(f"/dav/files/ana/{name}", content=b"four words of mine")
            assert answer.status_code == 201, answer.text
    manifest = folder / "synfonium.app.json"
    manifest.write_text(json.dumps(MANIFEST))
    told = server.run("app", "install", str(manifest), "--origin", at)
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)["client_id"]


def browser_pid() -> int:
    """The browser of this process: the one of its descendants that is called so and was first."""
    return next(pid for pid in family(os.getpid()) if "chrom" in Path(f"/proc/{pid}/comm").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picks", type=int, default=30)
    parser.add_argument("--single", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}
        options = ("--single",) if asked.single else ()
        with real_server(Path(folder) / "home", options=options, environment=environment) as server:
            found = measure(server, asked.picks, Path(folder))
    keep("pick", {**found, "is_single": asked.single, "goals": {"clicks": 2, "both_ms": 300}})


if __name__ == "__main__":
    main()
