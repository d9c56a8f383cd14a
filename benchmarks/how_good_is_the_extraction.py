"""How well is a page's own text told from what stands around it, and how fast?

    .venv/bin/python benchmarks/how_good_is_the_extraction.py FOLDER

FOLDER holds html/*.html.gz and ground-truth.json in the form of article-extraction-benchmark. The
measure is ours: words in lower case, runs of four, as often as they occur; precision and recall of
each page, their means, and F1 of the means. Pages a second of one core's time, decoding and parsing
with it. `extract` is everything that the crawler learns of a page (links, pictures, dates …),
`main_text` its text alone; the others are peers, in the same run.
"""

import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import answers
import trafilatura
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from resiliparse.parse.html import HTMLTree

from synfonium.apps.search.children.extract import extract
from synfonium.apps.search.children.main_text import main_text

GOAL = {"f1": 0.95, "pages_s": 100}
RUN = 4
ROUNDS = 3


def html_of(body: bytes) -> str:
    return bytes_to_str(body, detect_encoding(body, from_html_meta=True) or "utf-8", "replace")


def resiliparse(body: bytes) -> str:
    tree = HTMLTree.parse(html_of(body))
    return extract_plain_text(
        tree, preserve_formatting=False, main_content=True, list_bullets=False, alt_texts=False
    )


def trafilatura_default(body: bytes) -> str:
    return trafilatura.extract(html_of(body)) or ""


def trafilatura_fast(body: bytes) -> str:
    fast = trafilatura.extract(html_of(body), fast=True, include_comments=False, include_tables=False)
    return fast or ""


READERS: dict[str, Callable[[bytes], str]] = {
    "main_text": lambda body: main_text(html_of(body)),
    "extract": lambda body: extract("https://example.org/a", body).text,
    "resiliparse": resiliparse,
    "trafilatura": trafilatura_default,
    "trafilatura_fast": trafilatura_fast,
}


def runs(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1)) if words)


def measured(
    read: Callable[[bytes], str], pages: dict[str, bytes], truth: dict[str, str]
) -> dict[str, float]:
    best_s = float("inf")
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        texts = {name: read(body) for name, body in pages.items()}
        best_s = min(best_s, time.process_time() - begun_s)
    precision = recall = 0.0
    for name, text in texts.items():
        found, right = runs(text), runs(truth[name])
        both = (found & right).total()
        precision += both / max(1, found.total()) / len(pages)
        recall += both / max(1, right.total()) / len(pages)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4),
        "pages_s": round(len(pages) / best_s, 1),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    truth = {n: p["articleBody"] for n, p in json.loads((folder / "ground-truth.json").read_text()).items()}
    pages = {name: gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()) for name in truth}
    extract("https://example.org/", b"<p>The language model is loaded before the clock runs.")
    found = {name: measured(read, pages, truth) for name, read in READERS.items()}
    answers.keep("how_good_is_the_extraction", {"pages": len(pages), "goal": GOAL, **found})


if __name__ == "__main__":
    main()
