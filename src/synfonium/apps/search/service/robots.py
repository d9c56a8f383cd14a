"""What a host lets us read: robots.txt (RFC 9309) by protego."""

from itertools import islice
from urllib.parse import urlsplit

from protego import Protego

from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.store import HostRow

ROBOT = "SynfoniumBot"
LARGEST_ROBOTS_BYTES = 500 * 1024
KEPT_S = 24 * 3600.0
MOST_REDIRECTS = 5


def robots_url(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def host_row(authority: str, answer: Fetched, now_s: float) -> HostRow | None:
    """What the answer to the request for robots.txt means (RFC 9309, section 2.3.1).

    No such file (4xx): everything may be read. Server errors, 429 and silence: nothing,
    and the answer is None, for the host may have come to itself by the next crawl.
    """
    is_open = answer.status == 200 and not answer.failure
    is_absent = 400 <= answer.status < 500 and answer.status != 429
    # A file that is too large counts as closed: its rules are not known whole.
    text = answer.body.decode("utf-8-sig", "replace").replace("\x00", "") if is_open else ""
    if not (is_open or is_absent):
        return None
    return HostRow(authority=authority, robots=text, robots_read_s=now_s)


def is_fresh(host: HostRow, now_s: float) -> bool:
    return now_s - host.robots_read_s < KEPT_S


class Rules:
    """The rules of one host."""

    def __init__(self, host: HostRow) -> None:
        self._rules = Protego.parse(host.robots)

    def allows(self, url: str) -> bool:
        return bool(self._rules.can_fetch(url, ROBOT))

    @property
    def sitemaps(self) -> list[str]:
        """What robots.txt calls the host's sitemaps (sitemaps.org), at most 100."""
        return list(islice(self._rules.sitemaps, 100))

    @property
    def delay_s(self) -> float:
        """Seconds between two requests that the host asks for, 0 if it does not say."""
        delay_s = float(self._rules.crawl_delay(ROBOT) or 0.0)
        rate = self._rules.request_rate(ROBOT)
        if rate and rate.requests:
            delay_s = max(delay_s, rate.seconds / rate.requests)
        return delay_s
