"""When it is quiet, in people's own time: over midnight, by day, and when the clock changes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from synfonium.apps.notifications.model.device import is_endpoint
from synfonium.apps.notifications.model.quiet import Quiet, as_clock, parse_minute

PARIS = ZoneInfo("Europe/Paris")
NIGHT = Quiet(is_on=True, from_min=22 * 60, to_min=7 * 60, zone="Europe/Paris")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-09-21 21:59:59", None),
        ("2026-09-21 22:00", "2026-09-22 07:00"),
        ("2026-09-22 06:59:59", "2026-09-22 07:00"),
        ("2026-09-22 07:00", None),
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # the night has an hour more
        ("2026-03-28 23:00", "2026-03-29 07:00"),  # and this one an hour less
    ],
)
def test_a_quiet_night_ends_in_the_morning_of_the_person(now: str, ends: str | None) -> None:
    assert NIGHT.ends_s(at(now)) == (at(ends) if ends else None)


def test_only_the_days_chosen_begin_quiet_hours() -> None:
    weekend = Quiet(is_on=True, from_min=0, to_min=0, days=frozenset({5, 6}), zone="Europe/Paris")
    assert weekend.ends_s(at("2026-09-25 23:59")) is None
    assert weekend.ends_s(at("2026-09-26 00:00")) == at("2026-09-28 00:00")  # Saturday and Sunday are one
    friday_night = Quiet(is_on=True, from_min=1320, to_min=420, days=frozenset({4}), zone="Europe/Paris")
    assert friday_night.ends_s(at("2026-09-26 03:00")) == at("2026-09-26 07:00")
    assert friday_night.ends_s(at("2026-09-27 03:00")) is None


def test_quiet_for_ever_ends_within_nine_days() -> None:
    always = Quiet(is_on=True, from_min=600, to_min=600, zone="Europe/Paris")
    now_s = at("2026-09-21 12:00")
    ends_s = always.ends_s(now_s)
    assert ends_s is not None
    assert ends_s - now_s <= 9 * 86_400


def test_without_hours_or_days_it_is_never_quiet() -> None:
    now_s = at("2026-09-22 03:00")
    assert Quiet(zone="Europe/Paris").ends_s(now_s) is None
    assert Quiet(is_on=True, days=frozenset(), zone="Europe/Paris").ends_s(now_s) is None
    assert Quiet(is_on=True, zone="Nowhere/Never").ends_s(now_s) is not None  # taken as UTC


@pytest.mark.parametrize("wrong", ["", "24:00", "12:60", "-1:00", "noon", "12", "12:5x"])
def test_a_time_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        parse_minute(wrong)
    assert as_clock(parse_minute("07:05")) == "07:05"


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://updates.push.example/wpush/v2/abc", True),
        ("https://push.example:8443/a", True),
        ("http://push.example/a", False),
        ("https://127.0.0.1/a", False),
        ("https://127.1/a", False),
        ("https://0x7f.0x1/a", False),
        ("https://[::1]/a", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://localhost/a", False),
        ("https://push.localhost/a", False),
        ("https://user@push.example/a", False),
        ("https://push.example/a#b", False),
        ("https://push.example\\@127.0.0.1/", False),
        ("https://push.example/\r\nx: y", False),
        ("https://push.example:99999/", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://push.example/" + "a" * 1000, False),
    ],
)
def test_only_a_public_name_by_https_can_be_a_push_service(url: str, is_one: bool) -> None:
    assert is_endpoint(url, is_local_allowed=False) == is_one
