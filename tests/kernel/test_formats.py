"""Sizes and moments as people write them."""

from datetime import datetime
from pathlib import Path

import pytest

import synfonium.kernel.pages
from synfonium.kernel.i18n import Catalogue
from synfonium.kernel.pages import Formats

LOCALE = Path(synfonium.kernel.pages.__file__).parent / "locale"


@pytest.fixture(params=["fr", "en"])
def formats(request: pytest.FixtureRequest) -> Formats:
    return Formats(request.param, Catalogue(request.param, [LOCALE]))


def _moment(*parts: int) -> float:
    return datetime(*parts).astimezone().timestamp()  # type: ignore[arg-type, misc]


def test_a_moment_is_as_short_as_it_stays_clear(formats: Formats) -> None:
    now_s = _moment(2026, 11, 23, 8, 2)
    french = formats.bytes(0).endswith("o")
    said = [
        formats.when(_moment(*parts), now_s)
        for parts in ((2026, 11, 23, 0, 1), (2026, 11, 22, 18, 2), (2026, 9, 3), (2025, 9, 3))
    ]
    assert said == (
        ["00:01", "hier, 18:02", "3 sept.", "3 sept. 2025"]
        if french
        else ["00:01", "yesterday, 18:02", "Sep 3", "Sep 3, 2025"]
    )


def test_sizes_are_decimal_with_the_letter_of_the_language(formats: Formats) -> None:
    french = formats.bytes(0).endswith("o")
    assert formats.bytes(1_500_000) == ("1,5\u00a0Mo" if french else "1.5\u00a0MB")
    assert formats.bytes(999_600) == ("1\u00a0Mo" if french else "1\u00a0MB")
