"""Asks a question through a relay: for the command line, and to show how little it takes."""

import time
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from synfonium.apps.search.errors import NotAnswered
from synfonium.libraries.binary_http import Request, Response, decode_response, encode_request
from synfonium.libraries.oblivious_http import REQUEST_TYPE, Unopenable, read_key_list, seal_request

if TYPE_CHECKING:
    import httpx

PAD_BYTES = 512
TIMEOUT_S = 15.0
LARGEST_KEYS_BYTES = 10_000


class Found(msgspec.Struct, frozen=True):
    """A result, as `/api/search` gives it."""

    url: str
    title: str
    snippet: str


class _Results(msgspec.Struct, frozen=True):
    results: tuple[Found, ...]


async def ask_privately(relay: str, query: str) -> tuple[Found, ...]:
    """relay: address of a gateway's relay, such as https://relay.example/search/relay/search.example. It is
    asked for the gateway's keys too. Raises NotAnswered."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            response = await _exchange(client, relay, _question(query))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
        raise NotAnswered from failure
    if response.status != 200:
        raise NotAnswered
    return msgspec.json.decode(response.body, type=_Results).results


def _question(query: str) -> Request:
    headers = ((b"accept", b"application/json"), (b"date", formatdate(time.time(), usegmt=True).encode()))
    return Request(method="GET", path=f"/api/search?q={quote(query, safe='')}", headers=headers)


async def _exchange(client: "httpx.AsyncClient", relay: str, request: Request) -> Response:
    """Raises httpx.HTTPError, and ValueError for what cannot be read."""
    told = await client.get(relay)
    configs = read_key_list(told.raise_for_status().content[:LARGEST_KEYS_BYTES])
    if not configs:
        raise Unopenable("no key that we speak")
    sealed = seal_request(configs[0], encode_request(request, pad_to=PAD_BYTES))
    answer = await client.post(relay, content=sealed.message, headers={"content-type": REQUEST_TYPE})
    return decode_response(sealed.open_response(answer.raise_for_status().content))
