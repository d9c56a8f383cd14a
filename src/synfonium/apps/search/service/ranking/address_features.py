"""What the form of an address and a title says: that it is the site that was asked for."""

import re
from collections.abc import Sequence

import numpy as np

from synfonium.apps.search.service.ranking.matches import Terms, Weights
from synfonium.apps.search.service.ranking.reading import KEY_LETTERS, ZONES, Reading
from synfonium.ports.index import Candidate

NAMES = (
    "host_is_question",
    "host_in_question",
    "question_in_host",
    "front_page",
    "front_page_asked_for",
    "last_part_is_question",
    "question_in_path",
    "title_is_question",
    "title_begins_so",
    "question_in_title",
    "depth",
    "address_length",
    "digits",
    "has_parameters",
    "host_parts",
    "begins_with_www",
    "suffix_length",
    "capital_in_path",
    "underscore_in_path",
)
_BLANK = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")
_LONGEST = 200
_LONGEST_SECOND_LEVEL = 3  # co.uk, com.au, gov.fr


def address_features(candidates: Sequence[Candidate], reading: Reading, terms: Terms) -> dict[str, Weights]:
    """All zero for what has no host, and so without weight where nothing has."""
    question = b"".join(terms.letters).decode("latin-1")
    rows = np.zeros((len(candidates), len(NAMES)))
    for number, candidate in enumerate(candidates):
        if candidate.host:
            rows[number] = _row(candidate.key, _title(reading, number), question)
    return {name: rows[:, number] for number, name in enumerate(NAMES)}


def _title(reading: Reading, number: int) -> str:
    """Its letters without anything between."""
    start, stop = reading.zone_starts[number * len(ZONES) : number * len(ZONES) + 2]
    return reading.letters[start : stop - KEY_LETTERS].tobytes().replace(b"\0", b"").decode("latin-1")


def _row(address: str, title: str, question: str) -> tuple[float, ...]:
    host, _slash, path = address.partition("://")[2][:1000].partition("/")
    path, mark, _parameters = path.partition("?")
    host = host.partition(":")[0]
    labels = host.removeprefix("www.").split(".")
    name = _name(labels)
    parts = [part for part in path.split("/") if part]
    letters = _BLANK.sub("", path.lower())
    last = parts[-1] if parts else ""
    is_front = not parts and not mark
    near = max(
        len(name) / max(1, len(question)) if name in question else 0.0,
        len(question) / max(1, len(name)) if question and question in name else 0.0,
    )
    return (
        name == question,
        len(name) / len(question) if name and name in question else 0.0,
        len(question) / len(name) if question and question in name else 0.0,
        is_front,
        near * is_front,
        bool(question) and _BLANK.sub("", last.lower()) == question,
        bool(question) and question in letters,
        bool(question) and title == question,
        bool(question) and title.startswith(question),
        bool(question) and question in title,
        len(parts),
        min(_LONGEST, len(address)),
        min(20, len(_DIGIT.findall(path))),
        bool(mark),
        len(labels),
        host.startswith("www."),
        len(labels[-1]),
        last[:1].isupper(),
        "_" in path,
    )


def _name(labels: Sequence[str]) -> str:
    """`example` of example.org, example.co.uk and www.example.org."""
    known = labels[:-1] or labels
    if len(known) > 1 and len(known[-1]) <= _LONGEST_SECOND_LEVEL:
        known = known[:-1]
    return known[-1].replace("-", "")
