"""Parameters that come twice, in the wrong place, for another client, too long or in no language at all."""

import base64
from urllib.parse import urlencode

import pytest

from . import conditions as must
from .browser import Browser
from .proofs import challenge_of
from .provider import Provider
from .relying_party import REDIRECT, RelyingParty, ask_to_register, careful, register, register_fapi

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def raw(op: Provider, endpoint: str, body: bytes | str, **headers: str):  # type: ignore[no-untyped-def]
    async with op.client() as client:
        sent = body.encode() if isinstance(body, str) else body
        return await client.post(op.endpoint(endpoint), content=sent, headers={**FORM, **headers})


def basic(name: str, word: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode()


@pytest.mark.parametrize("name", ["client_id", "state", "scope", "response_type", "nonce", "code_challenge"])
async def test_3_1_a_parameter_given_twice_gives_no_code(op: Provider, ada: Browser, name: str) -> None:
    site = await careful(op)
    for value in ("x", site.request().get(name, "x")):
        answer = await ada.open(f"{site.url(site.request())}&{urlencode({name: value})}")
        assert "code" not in answer.fields
        if answer.came_back:
            assert answer.url == REDIRECT
            assert answer.error == "invalid_request"


@pytest.mark.parametrize(
    "name", ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"]
)
async def test_3_2_a_parameter_given_twice_gives_no_token(op: Provider, ada: Browser, name: str) -> None:
    site = await careful(op, token_endpoint_auth_method="client_secret_post")
    site.auth = "client_secret_post"
    code = (await site.ask(ada)).code
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": site.verifier,
        "client_id": site.id,
        "client_secret": site.secret,
    }
    for again in (fields[name], "x"):
        for pairs in ([*fields.items(), (name, again)], [(name, again), *fields.items()]):
            answer = await raw(op, "token_endpoint", urlencode(pairs))
            must.is_oauth_error(answer, "invalid_request", "invalid_client", "invalid_grant")
    must.is_token_answer(await site.exchange(code))


async def test_2_3_two_ways_of_authentication_are_one_too_many(op: Provider, ada: Browser) -> None:
    one, two = await careful(op), await careful(op)
    code = (await one.ask(ada)).code
    for name, word in ((one.id, one.secret), (two.id, two.secret), (one.id, "x")):
        answer = await one.exchange(code, client_id=name, client_secret=word)
        must.is_oauth_error(answer, "invalid_request", "invalid_client")
    mixed = await one.exchange(code, client_id=two.id)
    must.is_oauth_error(mixed, "invalid_request", "invalid_client")
    must.is_token_answer(await one.exchange(code, client_id=one.id))


SMUGGLED = [
    "{}\0",
    " {}",
    "{} ",
    "{}\n",
    "{}&client_id=x",
    "{}/",
    "{}.",
    "%00{}",
    "{}#",
    "{}?",
    "*",
    "%",
    "_" * 20,
]


@pytest.mark.parametrize("shape", SMUGGLED)
async def test_a_client_id_is_that_clients_or_nobodys(op: Provider, ada: Browser, shape: str) -> None:
    site = await careful(op)
    wrong = shape.format(site.id)
    must.is_error_page(await site.ask(ada, client_id=wrong))
    must.is_error_page(await site.ask(ada, client_id=site.id.swapcase()))
    code = (await site.ask(ada)).code
    headers = {"authorization": basic(wrong, site.secret)}
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    answer = await op.post("token_endpoint", {**fields, "code_verifier": site.verifier}, headers)
    assert answer.status_code in (400, 401), answer.text


async def test_a_client_id_in_the_address_of_the_token_endpoint_is_nothing(
    op: Provider, ada: Browser
) -> None:
    """RFC 6749, 2.3.1: credentials never stand in the URI."""
    site = await careful(op)
    code = (await site.ask(ada)).code
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": site.verifier,
    }
    secret = urlencode({"client_id": site.id, "client_secret": site.secret})
    async with op.client() as client:
        where = op.endpoint("token_endpoint")
        must.is_oauth_error(
            await client.post(f"{where}?{secret}", data=fields), "invalid_client", "invalid_request"
        )
        got = await client.get(f"{where}?{secret}&{urlencode(fields)}")
        assert got.status_code in (400, 404, 405)
        assert "access_token" not in got.text
    must.is_token_answer(await site.exchange(code))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Og==",
        "Basic w6k6w6k=",
        "Bearer x",
        "Digest a=b",
        "Basic " + "A" * 9000,
    ],
)
async def test_2_3_1_a_header_that_is_no_authentication_is_refused(op: Provider, header: str) -> None:
    site = await careful(op)
    fields = {"grant_type": "authorization_code", "code": "x", "client_id": site.id}
    headers = {"authorization": header} if header else {}
    answer = await op.post("token_endpoint", fields, headers)
    assert answer.status_code in (400, 401, 431), answer.text
    if answer.status_code == 401 and header:
        assert answer.headers["www-authenticate"]


async def test_2_3_1_a_name_and_a_word_are_form_encoded_before_they_are_joined(op: Provider) -> None:
    site = await careful(op)
    raw_pair = await op.post(
        "token_endpoint",
        {
            "grant_type": "authorization_code",
            "code": "x",
            "redirect_uri": REDIRECT,
            "code_verifier": "x" * 43,
        },
        {"authorization": basic(site.id, site.secret)},
    )
    must.is_oauth_error(raw_pair, "invalid_grant")


BODIES: list[bytes] = [
    b"", b"\xff\xfe", b"a=%ff", b"a=%", b"=", b"&&&", b"%00=%00", b"{}", b'{"grant_type": "x"}',
    b"grant_type", b"grant_type=", b"grant_type[]=authorization_code", b"grant_type=a&" * 5, b"a=b&" * 500,
    b"grant_type=authorization_code&code=" + b"%41" * 3000, b"<?xml version='1.0'?><!DOCTYPE a []>",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("endpoint", ["token_endpoint", "pushed_authorization_request_endpoint",
                                      "introspection_endpoint", "revocation_endpoint",
                                      "device_authorization_endpoint"])  # fmt: skip
async def test_a_body_that_is_no_form_is_refused(op: Provider, endpoint: str, body: bytes) -> None:
    answer = await raw(op, endpoint, body)
    assert answer.status_code in (400, 401, 413, 415), answer.text
    assert answer.json()["error"] if "error" in answer.text else answer.json()["code"]


@pytest.mark.parametrize(
    "endpoint",
    ["token_endpoint", "pushed_authorization_request_endpoint", "registration_endpoint", "userinfo_endpoint"],
)
async def test_a_huge_body_is_refused_before_it_is_read(op: Provider, endpoint: str) -> None:
    answer = await raw(op, endpoint, b"a=" + b"b" * 2_000_000)
    assert answer.status_code in (400, 401, 413)


DEEP = b"[" * 20_000 + b"]" * 20_000
JSONS: list[bytes] = [
    b"", b'{"a": "\xff\xfe"}', b'{"\xc3\x28": 1}', b'{"a": "\\ud800"}', b"\xef\xbb\xbf{}",
    b"{", b"[]", b"null", b"1", b'"x"', b"\xff", DEEP, b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"redirect_uris": [' + b'"https://a.example/",' * 3000 + b'"https://a.example/"]}',
    b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["javascript:x"]}',
    b'{"redirect_uris": [1]}', b'{"redirect_uris": {"a": 1}}', b'{"client_name": 1e999}',
    b'{"redirect_uris": ["https://a.example/"], "contacts": ' + DEEP + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", JSONS, ids=range(len(JSONS)))
async def test_a_registration_that_is_no_registration_is_refused(op: Provider, body: bytes) -> None:
    async with op.client() as client:
        sent = {"content-type": "application/json"}
        answer = await client.post(op.endpoint("registration_endpoint"), content=body, headers=sent)
    assert answer.status_code in (400, 413), answer.text


async def test_a_registration_as_a_form_is_refused(op: Provider) -> None:
    answer = await op.post("registration_endpoint", {"redirect_uris": REDIRECT})
    assert answer.status_code in (400, 415)


async def test_a_pushed_request_is_the_clients_own(op: Provider, ada: Browser) -> None:
    """RFC 9126, section 2.1: the client that authenticates is the client that asks."""
    one, two = await register_fapi(op), await careful(op)
    headers: dict[str, str] = {}
    fields = {**one.request(), **two.credentials(headers)}
    answer = await op.post("pushed_authorization_request_endpoint", fields, headers)
    must.is_oauth_error(answer, "invalid_client", "invalid_request")
    without = await op.post("pushed_authorization_request_endpoint", two.request())
    must.is_oauth_error(without, "invalid_client")


async def test_a_pushed_request_cannot_be_changed_on_the_way(op: Provider, ada: Browser) -> None:
    site = await register_fapi(op)
    pushed = (await site.push(site.request())).json()["request_uri"]
    mine = challenge_of("a" * 43)
    changed = {
        "client_id": site.id,
        "request_uri": pushed,
        "redirect_uri": "https://evil.example/",
        "scope": "openid profile offline_access admin",
        "code_challenge": mine,
        "code_challenge_method": "plain",
        "response_mode": "fragment",
        "prompt": "none",
    }
    answer = await ada.open(site.url(changed))
    assert "evil.example" not in answer.url
    if answer.came_back and not answer.error:
        must.is_authorization_answer(site, answer)
        body = must.is_token_answer(await site.exchange(answer.code), "DPoP")
        assert set(body["scope"].split()) == {"openid"}


async def test_a_public_client_has_no_secret_to_give(op: Provider, ada: Browser) -> None:
    site = await register(op, token_endpoint_auth_method="none")
    assert not site.secret
    code = (await site.ask(ada)).code
    must.is_oauth_error(await site.exchange(code, client_secret="x"), "invalid_client", "invalid_request")
    must.is_token_answer(await site.exchange(code))


async def test_a_registration_does_not_tell_who_else_is_registered(op: Provider) -> None:
    site: RelyingParty = await careful(op)
    unknown = await op.post("token_endpoint", {"grant_type": "authorization_code", "code": "x"},
                            {"authorization": basic("0" * len(site.id), "x")})  # fmt: skip
    wrong = await op.post("token_endpoint", {"grant_type": "authorization_code", "code": "x"},
                          {"authorization": basic(site.id, "x")})  # fmt: skip
    assert (unknown.status_code, unknown.text) == (wrong.status_code, wrong.text)
    many = await ask_to_register(op, {"redirect_uris": [f"{REDIRECT}/{i}" for i in range(1000)]})
    assert many.status_code == 400
