"""How fast does one worker crawl 200 hosts, some of them hostile, and does its memory stay flat?

    .venv/bin/python benchmarks/how_fast_is_the_crawler.py [pages]

The web is a process of its own (many_hosts.py, real pages of Debian's documentation); the crawler runs as in
the worker: frontier in SQLite, tantivy, one child a core that parses. Goal: 150 pages/s on 2 cores, no
robots.txt broken, never two connections to a host, memory at the end as at page 5 000.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import answers
import uvloop
from mini_worker import crawl_of, many_hosts

PAGES = 25_000


class Watch:
    """Memory of this process as pages come in, MiB by page."""

    def __init__(self) -> None:
        self.begun_s, self.rss_mib, self.at_s = time.monotonic(), dict[int, float](), dict[int, float]()

    async def __call__(self, text: str, done: float = 0, total: float = 0) -> None:
        step = int(done) // 5000 * 5000
        if step not in self.rss_mib:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.rss_mib[step] = round(pages * 4096 / 2**20, 1)
            self.at_s[step] = round(time.monotonic() - self.begun_s, 1)


async def main(pages: int) -> dict[str, Any]:
    watch = Watch()
    with many_hosts("mini") as web, tempfile.TemporaryDirectory() as folder:
        seeds = [f"http://{host}:{web.port}/" for host in web.hosts[:20]]
        begun_s, cpu_s = time.monotonic(), time.process_time()
        report = await crawl_of(Path(folder), seeds, pages, watch)
        took_s = time.monotonic() - begun_s
        counted = web.report()
    return {
        "pages": report.fetched,
        "indexed": report.indexed,
        "seconds": round(took_s, 1),
        "pages_per_s": round(report.fetched / took_s, 1),
        "cpu_ms_per_page_without_children": round((time.process_time() - cpu_s) * 1000 / report.fetched, 2),
        "rss_mib_by_page": watch.rss_mib,
        "seconds_by_page": watch.at_s,
        "failed": report.failed,
        "seen_by_the_web": counted,
    }


if __name__ == "__main__":
    answers.keep("crawler", uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else PAGES)))
