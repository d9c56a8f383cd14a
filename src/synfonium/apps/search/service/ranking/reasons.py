"""Why a page stands where it stands: what each kind of evidence added to its score."""

from collections.abc import Sequence

import numpy as np

from synfonium.apps.search.service.ranking.features import feature_names
from synfonium.apps.search.service.ranking.matches import Flags, Weights
from synfonium.apps.search.service.ranking.signals import GIVEN

_GROUPS = {
    "in_title": (
        "title_coverage",
        "title_spelling",
        "title_share",
        "title_pairs",
        "title_is_question",
        "title_begins_so",
        "question_in_title",
    ),
    "in_text": ("score", "bm25", "bm25_long", "bm25_flat", "spelling", "coverage", "any_coverage", "grams"),
    "side_by_side": ("pairs", "spelt_pairs"),
    "near": ("proximity", "window_8", "window_25"),
    "early": ("early",),
    "in_headings": ("headings_coverage",),
    "in_links": ("anchors_coverage",),
    "in_address": ("place_coverage", "last_part_is_question", "question_in_path"),
    "site_asked_for": ("host_is_question", "host_in_question", "question_in_host", "front_page_asked_for"),
    "like_the_best": ("feedback",),
    "form": (
        "front_page",
        "depth",
        "address_length",
        "digits",
        "has_parameters",
        "host_parts",
        "begins_with_www",
        "suffix_length",
        "capital_in_path",
        "underscore_in_path",
    ),
}
_LEAST = 0.05
_ALL = 0.999


def reasons_of(values: Weights, of_words: Weights, of_signals: Weights) -> list[dict[str, float]]:
    """For each candidate what each reason added, 0.05 or more either way. A reason of words is
    named only where its words are there: what adds only by lacking less than others is `form`."""
    names = feature_names()
    columns = [[names.index(name) for name in group] for group in _GROUPS.values()]
    added = np.stack([of_words[:, places].sum(1) for places in columns], 1)
    there = np.stack([(values[:, places] > 0).any(1) for places in columns], 1)
    kept = (np.abs(added) >= _LEAST) & there
    result: list[dict[str, float]] = [{} for _row in values]
    _note(result, tuple(_GROUPS), added, kept)
    _note(result, tuple(GIVEN), of_signals, np.abs(of_signals) >= _LEAST)
    for zone, feature in (("title", "title_coverage"), ("text", "coverage")):
        for number in np.flatnonzero(values[:, names.index(feature)] >= _ALL).tolist():
            its = result[number]
            if f"in_{zone}" in its:
                its[f"all_in_{zone}"] = its.pop(f"in_{zone}")
    return result


def _note(result: list[dict[str, float]], names: Sequence[str], added: Weights, kept: Flags) -> None:
    rows, columns = np.nonzero(kept)
    values = np.round(added[rows, columns], 3).tolist()
    for row, column, value in zip(rows.tolist(), columns.tolist(), values, strict=True):
        result[row][names[column]] = value
