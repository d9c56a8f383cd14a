"""The language of a question is told from few words, and a name is of none."""

import pytest

from synfonium.apps.search.service.ranking.query_language import query_language


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("quand la mer est haute", "fr"),
        ("horaires des marées", "fr"),
        ("where is the sea", "en"),
        ("opening hours of museums", "en"),
        ("wann kommt der Zug", "de"),
        ("dónde está la estación", "es"),
        ("dove sono gli orari del treno", "it"),
    ],
)
def test_a_few_words_tell_their_language(typed: str, language: str) -> None:
    assert query_language(typed) == language


@pytest.mark.parametrize("typed", ["", "1984", "😀", "\u202e", "x" * 2000])
def test_what_is_of_no_language_is_not_guessed(typed: str) -> None:
    assert query_language(typed) == ""
    assert query_language(typed, is_guess_welcome=True)
