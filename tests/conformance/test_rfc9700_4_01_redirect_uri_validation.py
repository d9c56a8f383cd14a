"""RFC 9700, section 4.1: the redirect URI is one of the client's own, character by character."""

from urllib.parse import urlencode

import pytest

from . import conditions as must
from .browser import Browser
from .provider import Provider
from .relying_party import REDIRECT, careful, register

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = "https://evil.example/"
TRICKS = {
    "another host": "https://evil.example/cb",
    "a longer host": "https://rp.example.evil.example/cb",
    "a subdomain": "https://a.rp.example/cb",
    "a parent": "https://example/cb",
    "userinfo": "https://rp.example@evil.example/cb",
    "userinfo and port": "https://rp.example:443@evil.example/cb",
    "own userinfo": "https://a:b@rp.example/cb",
    "a backslash": "https://rp.example\\@evil.example/cb",
    "an encoded host": "https://rp.example%2eevil.example/cb",
    "a port": "https://rp.example:8443/cb",
    "the default port": "https://rp.example:443/cb",
    "plain HTTP": "http://rp.example/cb",
    "no scheme": "//rp.example/cb",
    "only a path": "/cb",
    "a scheme in capitals": "HTTPS://rp.example/cb",
    "a host in capitals": "https://RP.example/cb",
    "a path in capitals": "https://rp.example/CB",
    "a final dot": "https://rp.example./cb",
    "a slash more": "https://rp.example/cb/",
    "a slash twice": "https://rp.example//cb",
    "a deeper path": "https://rp.example/cb/deeper",
    "a shorter path": "https://rp.example/",
    "traversal": "https://rp.example/cb/../open-redirector",
    "traversal that ends there": "https://rp.example/x/../cb",
    "encoded traversal": "https://rp.example/cb/%2e%2e/open-redirector",
    "a percent-encoded letter": "https://rp.example/c%62",
    "a path parameter": "https://rp.example/cb;a=b",
    "a query": "https://rp.example/cb?next=https://evil.example/",
    "an empty query": "https://rp.example/cb?",
    "a fragment": "https://rp.example/cb#",
    "a fragment with an answer": "https://rp.example/cb#code=x",
    "a wildcard": "https://*.example/cb",
    "a wildcard path": "https://rp.example/*",
    "a null byte": "https://rp.example/cb%00.evil.example",
    "a real null byte": "https://rp.example/cb\0",
    "a line": "https://rp.example/cb\r\nlocation: https://evil.example/",
    "a space before": " https://rp.example/cb",
    "a space after": "https://rp.example/cb ",
    "a tab inside": "https://rp.exam\tple/cb",
    "another alphabet": "https://rр.example/cb",
    "a full-width letter": "https://rp.example/\uff43b",
    "script": "javascript:alert(1)//https://rp.example/cb",
    "data": "data:text/html,https://rp.example/cb",
    "a file": "file:///etc/passwd",
    "two of them": "https://rp.example/cb https://evil.example/",
    "very long": "https://rp.example/cb" + "a" * 5000,
    "nothing": "",
}


@pytest.mark.parametrize("wrong", TRICKS.values(), ids=TRICKS.keys())
async def test_4_1_a_redirect_uri_that_is_not_the_clients_gets_a_page(
    op: Provider, ada: Browser, wrong: str
) -> None:
    site = await careful(op)
    answer = await site.ask(ada, redirect_uri=wrong)
    must.is_error_page(answer)
    assert "evil.example" not in answer.text
    assert answer.signed_in == 0


async def test_4_1_a_redirect_uri_of_another_client_gets_a_page(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    await careful(op, redirect_uris=["https://other.example/cb"])
    must.is_error_page(await site.ask(ada, redirect_uri="https://other.example/cb"))


@pytest.mark.parametrize("error", [{"scope": "nothing"}, {"response_type": "token"}, {"prompt": "none"}])
async def test_4_1_an_error_is_no_way_around(op: Provider, ada: Browser, error: dict[str, str]) -> None:
    site = await careful(op)
    must.is_error_page(await site.ask(ada, redirect_uri=EVIL, **error))


async def test_4_1_two_redirect_uris_get_a_page(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    for extra in ({"redirect_uri": EVIL}, {"redirect_uri": REDIRECT}):
        must.is_error_page(await ada.open(f"{site.url(site.request())}&{urlencode(extra)}"))


LOOPBACK = "http://127.0.0.1/callback"
ON_LOOPBACK = {
    "another port": ("http://127.0.0.1:51004/callback", True),
    "no port": ("http://127.0.0.1/callback", True),
    "another path": ("http://127.0.0.1:51004/other", False),
    "another spelling": ("http://localhost:51004/callback", False),
    "another loopback address": ("http://127.0.0.2:51004/callback", False),
    "another family": ("http://[::1]:51004/callback", False),
    "a short spelling": ("http://127.1:51004/callback", False),
    "a number": ("http://2130706433:51004/callback", False),
    "TLS": ("https://127.0.0.1:51004/callback", False),
    "a longer host": ("http://127.0.0.1.evil.example:51004/callback", False),
    "userinfo": ("http://127.0.0.1:51004@evil.example/callback", False),
    "no number for a port": ("http://127.0.0.1:x/callback", False),
    "too large a port": ("http://127.0.0.1:99999/callback", False),
    "a query": ("http://127.0.0.1:51004/callback?a=b", False),
}


@pytest.mark.parametrize(("uri", "is_right"), ON_LOOPBACK.values(), ids=ON_LOOPBACK.keys())
async def test_4_1_3_only_a_programs_port_on_loopback_may_differ(
    op: Provider, ada: Browser, uri: str, is_right: bool
) -> None:
    """RFC 8252, section 7.3."""
    site = await register(op, token_endpoint_auth_method="none", redirect_uris=[LOOPBACK])
    site.redirect = uri
    answer = await site.ask(ada)
    if not is_right:
        must.is_error_page(answer)
        return
    code = must.is_authorization_answer(site, answer)
    wrong = await site.exchange(code, redirect_uri="http://127.0.0.1:51005/callback")
    must.is_oauth_error(wrong, "invalid_grant")


async def test_4_1_3_a_site_has_no_port_to_choose(op: Provider, ada: Browser) -> None:
    site = await careful(op, redirect_uris=["https://localhost.example/cb"])
    must.is_error_page(await site.ask(ada, redirect_uri="https://localhost.example:8443/cb"))


async def test_4_1_the_token_request_names_the_same_redirect_uri(op: Provider, ada: Browser) -> None:
    two = [REDIRECT, f"{REDIRECT}2"]
    for wrong in (two[1], None, f"{REDIRECT}/", EVIL):
        site = await careful(op, redirect_uris=two)
        code = (await site.ask(ada)).code
        refused = await site.exchange(code, redirect_uri=wrong)
        must.is_oauth_error(refused, "invalid_grant", "invalid_request")
