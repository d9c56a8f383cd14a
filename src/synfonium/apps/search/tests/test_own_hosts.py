"""Nobody is asked more often than once a second, unless the operator owns the host."""

import pytest

from synfonium.apps.search.service.own_hosts import OwnHosts


async def _resolve(host: str, port: int) -> list[str]:
    known = {"inside.example": ["10.0.0.7"], "both.example": ["10.0.0.7", "93.184.216.34"]}
    return known.get(host, ["93.184.216.34"])


@pytest.mark.parametrize(
    ("host", "delay_s"),
    [
        ("stranger.example", 1.0),
        ("own.example", 0.0),
        ("www.own.example", 0.0),
        ("notown.example", 1.0),
        ("inside.example", 0.0),
        ("both.example", 1.0),
    ],
)
async def test_only_a_host_of_the_operator_may_be_asked_faster(host: str, delay_s: float) -> None:
    own = OwnHosts(("own.example",), is_local_allowed=True, resolver=_resolve)
    assert await own.least_delay_s(f"http://{host}/", 0.0) == delay_s
    assert await own.least_delay_s(f"http://{host}/", 2.5) == 2.5


async def test_a_private_address_is_nobodys_own_unless_the_operator_allows_it() -> None:
    own = OwnHosts((), is_local_allowed=False, resolver=_resolve)
    assert await own.least_delay_s("http://inside.example/", 0.0) == 1.0
