"""The crawler talks to the public web alone, and to the very address that it checked."""

import asyncio

import pytest

from synfonium.apps.search.service.fetch import Fetcher
from synfonium.libraries.network.addresses import is_public, resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1",        "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
        "fe80::1%eth0", "fc00::1",
        "ff02::1",        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


async def test_names_under_localhost_are_loopback() -> None:
    assert await resolve("anything.localhost", 80) == ["127.0.0.1"]


async def _failure(url: str, *answers: list[str], allowed: bool = False) -> tuple[str, int]:
    """How a fetch ends when the name resolves to `answers`, one a question, and how often it was asked."""
    asked = 0

    async def resolver(host: str, port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return answers[min(asked, len(answers)) - 1] if answers else await resolve(host, port)

    fetcher = Fetcher("test", is_local_allowed=allowed, connections=1, resolver=resolver, slowest_s=2)
    try:
        return (await fetcher.fetch(url)).failure, asked
    finally:
        await fetcher.close()


@pytest.fixture
async def port() -> int:
    """A server on loopback that answers anything; it must never be reached."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "x.localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"],
)
async def test_loopback_is_refused_however_it_is_written(host: str, port: int) -> None:
    failure, _ = await _failure(f"http://{host}:{port}/")
    assert failure in ("private", "unreachable")
    if host == "127.0.0.1":
        assert failure == "private"


async def test_a_public_name_that_resolves_to_a_private_address_is_refused(port: int) -> None:
    assert await _failure(f"http://rebound.example:{port}/", ["127.0.0.1"]) == ("private", 1)


async def test_a_name_with_one_private_address_among_public_ones_is_refused(port: int) -> None:
    assert await _failure(f"http://mixed.example:{port}/", ["93.184.216.34", "127.0.0.1"]) == ("private", 1)


async def test_a_name_is_asked_once_so_that_rebinding_gains_nothing(port: int) -> None:
    """Checked as public, then private: the connection still goes to the address checked."""
    failure, asked = await _failure(
        f"http://rebinding.example:{port}/", ["192.0.2.1"], ["127.0.0.1"], allowed=True
    )
    assert failure in ("slow", "unreachable")
    assert asked == 1


@pytest.mark.parametrize("mail_port", [22, 25, 111, 631])
async def test_ports_of_other_services_are_refused(mail_port: int) -> None:
    assert (await _failure(f"http://public.example:{mail_port}/", ["93.184.216.34"]))[0] == "private"


async def test_the_operator_may_allow_the_own_network(port: int) -> None:
    assert (await _failure(f"http://127.0.0.1:{port}/", allowed=True))[0] == ""
