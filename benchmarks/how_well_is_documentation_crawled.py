"""How well is real documentation crawled: twenty thousand pages and more, on fifty hosts and more?

    .venv/bin/python benchmarks/how_well_is_documentation_crawled.py [pages]

Debian's packages of documentation (openjdk-17-doc, linux-doc-6.1, libboost1.74-doc, libreoffice-help-*,
debian-handbook, installation-guide-amd64, gimp-help-*, postgresql-doc-15, python3-doc), each tree a host of
its own with robots.txt, sitemap and, for some, a crawl delay; served by many_hosts.py. Then twenty questions
whose answer is known: the share found on top, and among the first ten. Goal: no robots.txt broken, never two
connections to a host, flat memory.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import answers
import uvloop
from how_fast_is_the_crawler import Watch
from mini_worker import crawl_of, many_hosts

from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import IndexQuery

PAGES = 40_000
KNOWN = (
    ("java.util.concurrent ConcurrentHashMap class", "ConcurrentHashMap.html"),
    ("java.nio.file Files copy", "nio/file/Files.html"),
    ("BigDecimal rounding arbitrary precision", "math/BigDecimal.html"),
    ("javax.swing JTable", "javax/swing/JTable.html"),
    ("linux completely fair scheduler CFS design", "sched-design-CFS"),
    ("ext4 filesystem general information", "ext4"),
    ("kernel memory barriers", "memory-barriers"),
    ("linux submitting patches", "submitting-patches"),
    ("postgresql create index", "sql-createindex"),
    ("postgresql full text search dictionaries", "textsearch-dictionaries"),
    ("postgresql window functions tutorial", "tutorial-window"),
    ("python asyncio subprocess", "asyncio-subprocess"),
    ("python regular expression operations", "library/re"),
    ("gestion des droits debian", "sect.rights-management"),
    ("configuration du réseau cahier administrateur debian", "network-config"),
    ("gimp gaussian blur filter", "gaussian-blur"),
    ("flou gaussien filtre gimp", "gaussian-blur"),
    ("boost shared_ptr smart pointer", "shared_ptr"),
    ("debian installation preseed automating", "apb"),
    ("libreoffice calc pivot table", "datapilot"),
)


def known_items(index: TantivyIndex) -> dict[str, Any]:
    """How many of the known pages stand on top, and among the first ten."""
    places = {}
    for query, part in KNOWN:
        hits = index.search(IndexQuery(words=query), limit=10).hits
        places[query] = next((n for n, hit in enumerate(hits, 1) if part in hit.key), 0)
    return {
        "first": sum(place == 1 for place in places.values()),
        "among_ten": sum(place > 0 for place in places.values()),
        "asked": len(places),
        "missed": [query for query, place in places.items() if not place],
    }


async def main(pages: int) -> dict[str, Any]:
    watch = Watch()
    with many_hosts("documentation") as web, tempfile.TemporaryDirectory() as folder:
        seeds = [f"http://{host}:{web.port}/" for host in web.hosts]
        begun_s, cpu_s = time.monotonic(), time.process_time()
        report = await crawl_of(Path(folder), seeds, pages, watch)
        took_s, used_s = time.monotonic() - begun_s, time.process_time() - cpu_s
        index = TantivyIndex(Path(folder) / "index")
        found = known_items(index)
        index.close()
        children_s = resource.getrusage(resource.RUSAGE_CHILDREN)
        counted = web.report()
    return {
        "hosts": len(seeds),
        "fetched": report.fetched,
        "indexed": report.indexed,
        "left_out_as_twins_or_hidden": report.fetched - report.indexed,
        "forbidden_and_left_alone": report.forbidden,
        "failed": report.failed,
        "seconds": round(took_s, 1),
        "pages_per_s": round(report.fetched / took_s, 1),
        "cpu_ms_per_page": {
            "crawler": round(used_s * 1000 / report.fetched, 2),
            "parsers": round(children_s.ru_utime * 1000 / report.fetched, 2),
        },
        "rss_mib_by_page": watch.rss_mib,
        "seconds_by_page": watch.at_s,
        "known_items": found,
        "seen_by_the_web": counted,
    }


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else PAGES
    answers.keep("documentation_crawl", uvloop.run(main(wanted)))
