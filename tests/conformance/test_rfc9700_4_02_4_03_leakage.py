"""RFC 9700, sections 4.2 and 4.3: neither a Referer header nor a browser's history gives anything away."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from . import conditions as must
from .browser import Browser
from .provider import ISSUER, Provider
from .relying_party import careful

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ADDRESS = re.compile(r"""(?:src|srcset|href|action|data|poster)\s*=\s*["']?([^"'\s>]+)""")


async def test_4_2_no_page_on_the_way_sends_a_referrer_or_asks_a_third_party(
    op: Provider, ada: Browser
) -> None:
    site = await careful(op)
    answers = [await site.ask(ada), await site.ask(ada, redirect_uri="https://evil.example/")]
    pages = [page for answer in answers for page in answer.pages]
    assert {page.status_code for page in pages} >= {200, 303, 400}
    for page in pages:
        assert page.headers["referrer-policy"] == "no-referrer", page.url
        assert "default-src 'none'" in (csp := page.headers["content-security-policy"]) or "'self'" in csp
        for tag in re.findall(r"<(?:img|script|link|iframe|source|video|object)\b[^>]*>", page.text):
            for address in _ADDRESS.findall(tag):
                assert urlsplit(address).netloc in ("", urlsplit(ISSUER).netloc), tag


async def test_4_2_a_leaked_code_is_worth_nothing_after_its_use(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    must.is_oauth_error(await site.exchange(tokens.answer.code), "invalid_grant")
    must.is_refused_token(await site.userinfo(tokens.access_token))


async def test_4_2_an_expired_code_is_worth_nothing(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    code = (await site.ask(ada)).code
    op.clock.ahead_s += 61
    must.is_oauth_error(await site.exchange(code), "invalid_grant")


async def test_4_3_1_a_page_that_holds_a_code_is_not_kept(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    first, second = await site.ask(ada), await site.ask(ada)
    for page in (*first.pages, *second.pages):
        assert "no-store" in page.headers.get("cache-control", ""), page.url


async def test_4_3_2_no_token_travels_in_an_address(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    for kind in ("token", "id_token", "code token", "code id_token", "id_token token", "none"):
        answer = await site.ask(ada, response_type=kind)
        assert not {"access_token", "id_token", "code"} & set(answer.fields)
        assert not {"access_token", "id_token", "code"} & set(dict(parse_qsl(answer.fragment)))
    token = (await site.sign_in(ada)).access_token
    refused = await op.get(f"{op.endpoint('userinfo_endpoint')}?access_token={token}")
    must.is_refused_token(refused)
    assert token not in refused.text


async def test_4_3_3_a_form_carries_the_answer_outside_of_the_address(op: Provider, ada: Browser) -> None:
    assert op.supports("response_modes_supported", "form_post")
    site = await careful(op)
    site.mode = "form_post"
    answer = await site.ask(ada)
    must.is_authorization_answer(site, answer, mode="form_post")
    assert "no-store" in answer.pages[-1].headers["cache-control"]
