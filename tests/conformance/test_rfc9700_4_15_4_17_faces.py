"""RFC 9700, sections 4.15 to 4.17: clients that pose as people, clickjacking, messages to windows."""

import re

import pytest

from . import conditions as must
from .browser import Browser
from .proofs import read
from .provider import Provider
from .relying_party import REDIRECT, ask_to_register, careful, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_4_15_a_client_does_not_choose_its_name(op: Provider) -> None:
    person = str((await op.house.call("identity.user_find", {"name": "ada"}))["id"])
    for wished in (person, "ada", "Ada"):
        wanted = {"client_name": "Ada", "client_id": wished, "redirect_uris": [REDIRECT], "sub": wished}
        answer = await ask_to_register(op, {**wanted, "client_secret": "chosen-by-the-client"})
        assert answer.status_code in (201, 400)
        if answer.status_code == 201:
            assert answer.json()["client_id"] != wished
            assert answer.json().get("client_secret") != "chosen-by-the-client"


async def test_4_15_nobodys_sub_is_a_clients_name(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    tokens = await site.sign_in(ada)
    sub = read(tokens.id_token)[1]["sub"]
    person = str((await op.house.call("identity.user_find", {"name": "ada"}))["id"])
    assert sub not in (site.id, person, "ada")
    assert not op.supports("grant_types_supported", "client_credentials")
    refused = await site.token({"grant_type": "client_credentials", "scope": "openid"})
    must.is_oauth_error(refused, "unsupported_grant_type", "unauthorized_client", "invalid_request")


async def test_4_15_a_clients_assertion_is_no_persons_token(op: Provider) -> None:
    site = await register_fapi(op)
    for scheme in ("Bearer", "DPoP"):
        must.is_refused_token(await site.userinfo(site.assertion(), scheme=scheme))


async def test_4_15_a_name_that_looks_like_ours_is_shown_with_its_address(op: Provider, ada: Browser) -> None:
    """Anybody may call their site anything: the person reads where it really is."""
    site = await careful(op, client_name="Synfonium")
    await ada.sign_in()
    ada.decision = ""
    assert "rp.example" in (await site.ask(ada)).text


async def test_4_15_a_name_cannot_draw_on_the_page(op: Provider, ada: Browser) -> None:
    await ada.sign_in()
    for name in ("<script>alert(1)</script>", "a\u202eb", "a\nb", "{{ 7*7 }}", '"><img src=x>'):
        answer = await ask_to_register(op, {"client_name": name, "redirect_uris": [REDIRECT]})
        if answer.status_code != 201:
            assert answer.json()["error"] == "invalid_client_metadata"
            continue
        ada.decision = ""
        site = await careful(op)
        site.id = answer.json()["client_id"]
        page = await site.ask(ada)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "\u202e" not in page.text
        assert ">49<" not in page.text


async def test_4_16_no_page_on_the_way_lets_itself_be_framed(op: Provider, ada: Browser) -> None:
    site = await careful(op)
    answers = [await site.ask(ada), await site.ask(ada, redirect_uri="https://evil.example/")]
    for answer in answers:
        for page in answer.pages:
            policy = page.headers["content-security-policy"]
            assert re.search(r"frame-ancestors 'none'", policy), page.url
            assert "unsafe-inline" not in policy
            assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    "mode", ["web_message", "fragment", "okta_post_message", "query.jwt", "jwt", "everything"]
)
async def test_4_17_no_answer_goes_to_another_window(op: Provider, ada: Browser, mode: str) -> None:
    assert not op.supports("response_modes_supported", mode)
    site = await careful(op)
    await ada.sign_in()
    answer = await site.ask(ada, response_mode=mode)
    assert "code" not in answer.fields
    assert not answer.fragment
    assert "postMessage" not in answer.text


async def test_4_17_no_page_on_the_way_speaks_to_other_windows(op: Provider, ada: Browser) -> None:
    assert "check_session_iframe" not in op.metadata
    site = await careful(op)
    for page in (await site.ask(ada)).pages:
        assert "postMessage" not in page.text
        assert page.headers["cross-origin-opener-policy"].startswith("same-origin")
