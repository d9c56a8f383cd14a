"""How does a folder with 100 000 entries behave on the page?

    .venv/bin/python benchmarks/how_smoothly_does_a_long_folder_scroll.py [--entries N]

First byte of the page in each order, of a piece in its midst and of the marks; what memory the server
takes for it; and, in Chromium, the longest frame while the page is scrolled from the top to the end.
"""

import argparse
import re
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
from answers import keep
from playwright.sync_api import Page, sync_playwright

from synfonium.testing.server import RealServer, real_server

PASSWORD = "a long enough password"
ORDERS = ("name", "-name", "-modified", "-size")
FRAMES = """async () => {
  const frames = [], height = document.documentElement.scrollHeight;
  let last = performance.now(), began = last;
  while (performance.now() - began < 6000) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    scrollTo(0, (now - began) / 6000 * height);
  }
  scrollTo(0, document.documentElement.scrollHeight);
  frames.sort((a, b) => a - b);
  return {
    frames: frames.length,
    median_ms: frames[frames.length >> 1],
    p99_ms: frames[Math.floor(frames.length * .99)],
    longest_ms: frames.at(-1),
    nodes: document.querySelectorAll('*').length,
  };
}"""


def fill(server: RealServer, folder: str, entries: int) -> None:
    """Rows of files beside the one that a client sent, by SQL: what is measured is reading them."""
    with closing(sqlite3.connect(server.home / "databases" / "drive.sqlite")) as database, database:
        columns = [row[1] for row in database.execute("pragma table_info(drive_node)")]
        row = dict(
            zip(
                columns,
                database.execute("select * from drive_node where parent = ? limit 1", (folder,)).fetchone(),
                strict=True,
            )
        )
        del row["number"]
        names = (f"photo {number:06}.bin" for number in range(entries - 1))
        values = []
        for number, name in enumerate(names):
            key = name.encode()
            values.append(
                {
                    **row,
                    "id": f"01{number:024d}",
                    "name": name,
                    "name_key": key,
                    "name_sort": key,
                    "size_bytes": number * 7919 % 100_003,
                    "modified_s": row["modified_s"] - number * 104_729 % 1_000_003,
                }
            )
        places = ", ".join(f":{name}" for name in row)
        database.executemany(f"insert into drive_node ({', '.join(row)}) values ({places})", values)


def first_byte_ms(client: httpx.Client, path: str, times: int = 9) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        with client.stream("GET", path, headers={"accept": "text/html"}) as answer:
            assert answer.status_code == 200, answer.status_code
            next(answer.iter_raw(1))
            taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 1)


def memory_mib(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return round(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) / 1024, 1)  # type: ignore[index]


def sign_in(page: Page) -> None:
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password", re.IGNORECASE)).click()
    page.fill("input[name=name]", "ada")
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url("**/")


def measure(server: RealServer, entries: int, chromium: str) -> dict[str, object]:
    token = server.person("ada", password=PASSWORD)
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", token)) as dav:
        dav.request("MKCOL", "many")
        dav.put("many/first.bin", content=b"x")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=server.url, locale="en", viewport={"width": 1280, "height": 800}
        )
        page = context.new_page()
        sign_in(page)
        page.goto("/drive")
        page.locator("tr[data-node] a.name").first.click()
        page.wait_for_url("**/node/*")
        folder = page.url.rpartition("/")[2]
        fill(server, folder, entries)
        cookies = {one["name"]: one["value"] for one in context.cookies()}
        pid = server.role_pid("web")
        with httpx.Client(base_url=server.url, cookies=cookies, timeout=60) as client:
            small = first_byte_ms(client, "/drive")
            before = memory_mib(pid)
            pages = {sort: first_byte_ms(client, f"/drive/node/{folder}?sort={sort}") for sort in ORDERS}
            marks = client.get(f"/drive/node/{folder}/marks").json()["marks"]
            middle = marks[len(marks) // 2]
            pieces = {
                sort: first_byte_ms(client, f"/drive/node/{folder}/rows?limit=100&sort={sort}&after={middle}")
                for sort in ORDERS
            }
            index_ms = first_byte_ms(client, f"/drive/node/{folder}/marks?step=100")
            after = memory_mib(pid)
        page.reload()
        page.wait_for_selector("table.long")
        frames = page.evaluate(FRAMES)
        page.wait_for_selector(f"tr[aria-rowindex='{entries}']", state="attached")
        browser.close()
    return {
        "entries": entries,
        "page_of_two_ms": small,
        "first_byte_ms": pages,
        "piece_in_the_middle_ms": pieces,
        "marks_ms": index_ms,
        "memory_before_mib": before,
        "memory_after_mib": after,
        "scroll": frames,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, real_server(Path(folder) / "home") as server:
        found = measure(server, arguments.entries, arguments.chromium)
    keep("long_folder", found)


if __name__ == "__main__":
    main()
