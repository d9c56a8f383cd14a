"""RFC 9700, sections 4.11 to 4.13: open redirection, 307, and what a proxy says."""

from urllib.parse import urlsplit

import pytest

from . import conditions as must
from .browser import Browser, Page
from .provider import ISSUER, PASSWORD, Provider
from .relying_party import REDIRECT, careful

pytestmark = pytest.mark.asyncio(loop_scope="module")

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "///evil.example/",
    "/%2f/evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/a\r\nlocation: https://evil.example/",
    "\t//evil.example",
    " https://evil.example",
    "https://op.example.evil.example/",
    "https://op.example@evil.example/",
)


@pytest.mark.parametrize("wish", ELSEWHERE)
async def test_4_11_1_our_own_pages_lead_nowhere_else(op: Provider, wish: str) -> None:
    await op.house.call("identity.user_find", {"name": "ada"})
    async with op.client(sec_fetch_site="same-origin", accept="text/html") as client:
        for path in ("/signin", "/signin/again"):
            fields = {"name": "ada", "password": PASSWORD.format(name="ada"), "next": wish}
            answer = await client.post(path, data=fields)
            where = answer.headers.get("location", "/")
            assert urlsplit(where).netloc in ("", urlsplit(ISSUER).netloc), where
            assert where.startswith("/")
            assert not where.startswith(("//", "/\\"))
        for path in ("/oauth/continue", "/signout", "/oauth/logout"):
            answer = await client.get(path, params={"next": wish, "request": wish, "redirect_uri": wish})
            assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize("error", [{"scope": "x y"}, {"response_type": "token"}, {"prompt": "everything"}])
async def test_4_11_2_a_broken_request_does_not_throw_a_visitor_out(
    op: Provider, ada: Browser, error: dict[str, str]
) -> None:
    """Anybody may register a site: a visitor who has not signed in is not sent there by an error."""
    site = await careful(op)
    ada.signs_in = False
    answer = await site.ask(ada, **error)
    assert not answer.came_back, answer.url


async def test_4_11_2_a_silent_question_is_answered_silently(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    must.is_authorization_error(site, await site.ask(ada, prompt="none"), "login_required")


@pytest.mark.parametrize("field", ["client_id", "redirect_uri"])
async def test_4_11_2_nobody_is_sent_to_an_address_that_was_not_checked(
    op: Provider, ada: Browser, field: str
) -> None:
    site = await careful(op)
    for wrong in ("x", None, "https://evil.example/"):
        must.is_error_page(await site.ask(ada, **{field: wrong}))


async def test_4_12_nothing_that_was_posted_is_posted_on(op: Provider, ada: Browser) -> None:
    """303 and never 307 or 308: a password typed here must not arrive at a site."""
    site = await careful(op)
    answer = await site.ask(ada)
    sent = await ada.send(op.endpoint("authorization_endpoint"), site.request())
    for page in (*answer.pages, *sent.pages):
        assert page.status_code in (200, 303), (page.request.method, str(page.url))
        if page.request.method == "POST":
            assert page.status_code in (200, 303)
    assert answer.signed_in == 1


async def test_4_13_what_nobodys_proxy_says_is_not_believed(op: Provider) -> None:
    """The peer is not among trusted_proxies."""
    lies = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "80",
        "forwarded": "host=evil.example;proto=http;for=127.0.0.1",
        "x-original-url": "/admin/people",
        "x-rewrite-url": "/admin/people",
        "x-real-ip": "127.0.0.1",
    }
    answer = await op.get("/.well-known/openid-configuration", lies)
    assert answer.json() == op.metadata
    assert "evil.example" not in str(answer.headers)
    visitor = await op.get("/settings/security", lies)
    assert "evil.example" not in str(visitor.headers) + visitor.text


@pytest.mark.parametrize("host", ["evil.example", "op.example.evil.example", "op.example@evil.example", ""])
async def test_4_13_another_host_is_not_answered(op: Provider, host: str) -> None:
    answer = await op.get("/.well-known/openid-configuration", {"host": host})
    assert answer.status_code in (400, 421)
    assert "issuer" not in answer.text


async def test_4_13_a_certificate_in_a_header_is_no_authentication(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    code = (await site.ask(ada)).code
    site.auth = "none"
    told = {
        "x-client-cert": "-----BEGIN CERTIFICATE-----",
        "x-ssl-client-cert": "x",
        "ssl-client-verify": "SUCCESS",
        "x-forwarded-client-cert": f"Subject=CN={site.id}",
        "client-cert": ":AAAA:",
        "x-remote-user": "ada",
        "remote-user": "ada",
    }
    must.is_oauth_error(await site.exchange(code, headers=told), "invalid_client")
    assert (await op.get("/settings/security", told)).status_code in (303, 401)


async def test_4_11_the_page_that_leads_back_holds_no_script_of_the_site(op: Provider, ada: Browser) -> None:
    site = await careful(op, redirect_uris=[f"{REDIRECT}?a='\"><script>alert(1)</script>"[:24]])
    answer = await site.ask(ada, state='"><script>alert(1)</script>')
    for page in answer.pages:
        assert "<script>alert" not in page.text
        assert Page(page.text) is not None
