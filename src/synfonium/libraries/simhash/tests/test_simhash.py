"""Near duplicates are told from texts that only speak of the same."""

import random

import pytest

from synfonium.libraries.simhash import NEAR, distance, fingerprint, simhash

_RANDOM = random.Random(6)
SYLLABLES = ["ba", "co", "di", "fu", "ge", "la", "mo", "ni", "pu", "ré", "sa", "to", "vi", "zé"]
WORDS = ["".join(_RANDOM.choices(SYLLABLES, k=_RANDOM.randint(1, 4))) for _ in range(3000)]
SHARES = [1 / rank for rank in range(1, len(WORDS) + 1)]


def words(number: int) -> list[str]:
    """Words by Zipf's law, as in a language."""
    return _RANDOM.choices(WORDS, SHARES, k=number)


def changed(text: list[str]) -> list[str]:
    """Near duplicates as sites make them: a few words changed, a line more, a sentence less."""
    kind, copy = _RANDOM.randrange(4), list(text)
    if kind == 0:
        for _ in range(max(1, len(copy) // 100)):
            copy[_RANDOM.randrange(len(copy))] = _RANDOM.choice(WORDS)
    elif kind == 1:
        copy = words(8) + copy
    elif kind == 2:
        copy += words(12)
    else:
        at = _RANDOM.randrange(len(copy))
        del copy[at : at + len(copy) // 50]
    return copy


def is_found(one: str, other: str) -> bool:
    first, second = fingerprint(one), fingerprint(other)
    is_proposed = any(a == b for a, b in zip(first.bands, second.bands, strict=True))
    return is_proposed and distance(first.simhash, second.simhash) <= NEAR


def test_near_duplicates_are_found_and_hardly_anything_else() -> None:
    texts = [words(_RANDOM.randint(250, 900)) for _ in range(600)]
    found = [is_found(" ".join(text), " ".join(changed(text))) for text in texts]
    prints = [fingerprint(" ".join(text)) for text in texts]
    wrong = sum(
        distance(one.simhash, other.simhash) <= NEAR for n, one in enumerate(prints) for other in prints[:n]
    )
    recall, precision = sum(found) / len(found), sum(found) / (sum(found) + wrong)
    assert recall >= 0.95
    assert precision >= 0.99


def test_pages_of_one_template_with_different_contents_are_not_duplicates() -> None:
    template = words(60)
    pages = [" ".join(template + words(200)) for _ in range(40)]
    assert not any(is_found(one, other) for n, one in enumerate(pages) for other in pages[:n])


def test_case_and_punctuation_do_not_count() -> None:
    assert simhash("Le pont est fermé.") == simhash("le PONT, est : fermé")


@pytest.mark.parametrize("text", ["", " … ", "mot", "deux mots", "x " * 100_000])
def test_any_text_has_a_fingerprint(text: str) -> None:
    found = fingerprint(text)
    assert 0 <= found.simhash < 2**64
    assert all(0 <= band < 2**63 for band in found.bands)


def test_a_short_text_has_no_bands_because_it_resembles_others_by_chance() -> None:
    assert fingerprint("page not found " * 5).bands == ()
    assert len(fingerprint(" ".join(words(50))).bands) == 4


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    assert simhash("la marmotte siffle dans la prairie") == 2600864838979041936
