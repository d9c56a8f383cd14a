"""robots.txt is obeyed as RFC 9309 says."""

import pytest

from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.service.reading import header_rules
from synfonium.apps.search.service.robots import Rules, host_row

URL = "http://a.example/robots.txt"


def rules(status: int = 200, body: str = "") -> Rules:
    answer = Fetched(url=URL, status=status, body=body.encode())
    row = host_row("a.example", answer, 0.0)
    assert row is not None
    return Rules(row)


def test_our_own_rules_win_over_those_for_everybody() -> None:
    found = rules(
        body="User-agent: *\nDisallow: /\n\nUser-agent: SynfoniumBot\nDisallow: /private\nCrawl-delay: 7\n"
    )
    assert found.allows("http://a.example/open")
    assert not found.allows("http://a.example/private/x")
    assert found.delay_s == 7


def test_patterns_and_exceptions_are_understood() -> None:
    found = rules(body="User-agent: *\nDisallow: /*.pdf$\nDisallow: /a\nAllow: /a/open\nRequest-rate: 1/5\n")
    assert not found.allows("http://a.example/x.pdf")
    assert found.allows("http://a.example/x.pdf.html")
    assert not found.allows("http://a.example/a/closed")
    assert found.allows("http://a.example/a/open")
    assert found.delay_s == 5


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_no_robots_file_means_that_everything_may_be_read(status: int) -> None:
    assert rules(status).allows("http://a.example/x")


@pytest.mark.parametrize(
    ("status", "failure"), [(500, ""), (503, ""), (429, ""), (0, "slow"), (200, "too_large")]
)
def test_a_robots_file_that_cannot_be_read_closes_the_host(status: int, failure: str) -> None:
    answer = Fetched(url=URL, status=status, failure=failure)  # type: ignore[arg-type]
    assert host_row("a.example", answer, 0.0) is None


def test_broken_bytes_are_no_reason_to_stop() -> None:
    found = rules(body="\ufeffUser-agent: *\r\nDisallow: /x\r\n\x00\x01nonsense")
    assert not found.allows("http://a.example/x")
    assert found.allows("http://a.example/y")


def test_rules_in_headers_count_when_they_are_for_us() -> None:
    assert header_rules("noindex, otherbot: nofollow") == {"noindex"}
    assert header_rules("synfoniumbot: noindex") == {"noindex"}
    assert header_rules("") <= {""}
