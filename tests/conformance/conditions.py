"""What the suite checks again and again, as functions named after what must hold."""

import base64
import hashlib
import json
import math
import re
import warnings
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

from .browser import Answer
from .proofs import ALGORITHMS, base64url, read
from .provider import ISSUER
from .relying_party import RelyingParty

_ALLOWED_IN_ERRORS = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]*")
_VISIBLE = re.compile(r"[\x20-\x7E]+")
_HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
_TEXT_CLAIMS = (
    *("sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
    *("profile", "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number"),
)
STANDARD_CLAIMS: dict[str, type] = {
    **dict.fromkeys(_TEXT_CLAIMS, str),
    "email_verified": bool,
    "phone_number_verified": bool,
    "address": dict,
}


def bits(text: str) -> float:
    """Shannon's entropy of the text, as the suite estimates it."""
    shares = [n / len(text) for n in Counter(text).values()]
    return len(text) * -sum(p * math.log2(p) for p in shares)


def is_hard_to_guess(secret: str) -> None:
    """RFC 6749, section 10.10: 128 bits, of which an estimate sees 96."""
    assert len(secret) >= 22
    assert bits(secret) >= 96


def is_json(response: httpx.Response) -> None:
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    assert isinstance(response.json(), dict)


def is_not_kept(response: httpx.Response) -> None:
    assert "no-store" in response.headers["cache-control"]


def came_back_to(site: RelyingParty, answer: Answer, *, mode: str = "query") -> None:
    """The answer is at the redirect URI, by the response mode, with the URI's own query."""
    assert answer.came_back, (answer.status, answer.text[:3000])
    parts = urlsplit(site.redirect)
    assert answer.url == f"{parts.scheme}://{parts.netloc}{parts.path}"
    for name, value in parse_qsl(parts.query):
        assert answer.query[name] == value
    assert not answer.fragment
    if mode == "form_post":
        assert answer.method == "POST"
        assert not {"code", "error", "state"} & set(answer.query)
    else:
        assert answer.method == "GET"
        names = [name for name, _ in answer.pairs]
        assert len(names) == len(set(names))


def is_authorization_answer(site: RelyingParty, answer: Answer, *, mode: str = "query") -> str:
    """RFC 6749, 4.1.2 and RFC 9207. Gives the code."""
    came_back_to(site, answer, mode=mode)
    assert "error" not in answer.fields, answer.fields
    assert answer.fields.get("state", "") == site.state
    assert answer.fields["iss"] == ISSUER
    own = set(dict(parse_qsl(urlsplit(site.redirect).query)))
    assert set(answer.fields) - own <= {"code", "state", "iss", "session_state"}
    is_hard_to_guess(answer.code)
    return answer.code


def is_authorization_error(site: RelyingParty, answer: Answer, *errors: str, mode: str = "query") -> None:
    """RFC 6749, section 4.1.2.1, and nothing in the answer that does not belong there."""
    came_back_to(site, answer, mode=mode)
    assert answer.error in errors, answer.fields
    assert "code" not in answer.fields
    assert answer.fields.get("state", "") == site.state
    assert answer.fields["iss"] == ISSUER
    own = set(dict(parse_qsl(urlsplit(site.redirect).query)))
    assert set(answer.fields) - own <= {"error", "error_description", "error_uri", "state", "iss"}
    assert _ALLOWED_IN_ERRORS.fullmatch(answer.fields.get("error_description", ""))


def is_error_page(answer: Answer) -> None:
    """The person reads why; nobody is sent anywhere."""
    assert not answer.came_back, (answer.url, answer.fields)
    assert 400 <= answer.status < 500, (answer.status, answer.text[:2000])
    assert not any("location" in page.headers for page in answer.pages[-1:])


def is_oauth_error(response: httpx.Response, *errors: str) -> None:
    """RFC 6749, section 5.2."""
    is_json(response)
    body = response.json()
    assert body["error"] in errors, body
    allowed = (400, 401) if body["error"] in ("invalid_client", "invalid_token") else (400,)
    assert response.status_code in allowed, (response.status_code, body)
    assert _ALLOWED_IN_ERRORS.fullmatch(body.get("error_description", ""))
    is_not_kept(response)
    assert not {"access_token", "refresh_token", "id_token", "code"} & set(body)


def is_token_answer(response: httpx.Response, token_type: str = "Bearer") -> dict[str, Any]:
    """RFC 6749, section 5.1."""
    assert response.status_code == 200, response.text
    is_json(response)
    is_not_kept(response)
    body: dict[str, Any] = response.json()
    assert body["token_type"].lower() == token_type.lower()
    assert isinstance(body["expires_in"], int)
    assert body["expires_in"] > 0
    for name in ("access_token", "refresh_token"):
        if name in body:
            is_hard_to_guess(body[name])
            assert _VISIBLE.fullmatch(body[name])
    return body


async def signature_holds(site: RelyingParty, token: str) -> dict[str, Any]:
    """Checked with the published key that the header names. Gives the header."""
    header, _claims = read(token)
    keys = await site.op.keys()
    assert [key["kid"] for key in keys].count(header["kid"]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        jws.deserialize_compact(token, KeySet.import_key_set({"keys": keys}), algorithms=ALGORITHMS)  # type: ignore[typeddict-item]
    return header


async def is_id_token(
    site: RelyingParty, token: str, *, access_token: str = "", alg: str = "", nonce: str | None = None
) -> dict[str, Any]:
    """OpenID Connect Core 1.0, sections 2 and 3.1.3.7. Gives the claims."""
    header = await signature_holds(site, token)
    if alg:
        assert header["alg"] == alg
    _, claims = read(token)
    now_s = site.op.clock.now_s()
    assert claims["iss"] == ISSUER
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    assert audiences == [site.id]
    assert claims.get("azp", site.id) == site.id
    assert isinstance(claims["exp"], int)
    assert claims["exp"] > now_s - 5
    assert abs(claims["iat"] - now_s) < 300
    assert claims.get("nbf", 0) <= now_s + 5
    assert 1 <= len(claims["sub"]) <= 255
    assert claims["sub"].isascii()
    assert claims.get("nonce", "") == (site.nonce if nonce is None else nonce)
    assert claims.get("auth_time", 0) <= now_s + 5
    if access_token and "at_hash" in claims:
        assert claims["at_hash"] == half_hash(access_token, header["alg"])
    assert not {"name", "email", "preferred_username", "phone_number", "address"} & set(claims)
    are_standard_claims(claims)
    return claims


def half_hash(value: str, alg: str) -> str:
    """Core 1.0, section 3.1.3.6: the left half of the hash that the algorithm signs."""
    name = "sha512" if alg in ("EdDSA", "Ed25519") else _HASHES[alg[-3:]]
    digest = hashlib.new(name, value.encode()).digest()
    return base64url(digest[: len(digest) // 2])


def are_standard_claims(claims: dict[str, Any]) -> None:
    """Core 1.0, section 5.1: types, and no empty values."""
    for name, kind in STANDARD_CLAIMS.items():
        if name in claims:
            assert isinstance(claims[name], kind), name
            assert claims[name] not in ("", {}), name
    if "updated_at" in claims:
        assert isinstance(claims["updated_at"], int)
        assert not isinstance(claims["updated_at"], bool)


def is_userinfo(response: httpx.Response, sub: str) -> dict[str, Any]:
    """Core 1.0, section 5.3.2."""
    assert response.status_code == 200, response.text
    is_json(response)
    claims: dict[str, Any] = response.json()
    assert claims["sub"] == sub
    are_standard_claims(claims)
    return claims


def is_refused_token(response: httpx.Response) -> None:
    """RFC 6750, section 3.1 (and RFC 9449, 7.1): refused, and why stands in the header."""
    assert response.status_code in (400, 401), response.text
    assert "sub" not in response.text or response.headers["content-type"] != "application/json"


def are_published_keys(keys: list[dict[str, Any]]) -> None:
    """RFC 7517: public, distinct, usable, strong."""
    assert keys
    kids = [key["kid"] for key in keys]
    assert len(set(kids)) == len(kids)
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert key["kty"] in ("RSA", "EC", "OKP")
        assert key.get("use", "sig") == "sig"
        for number in ("n", "e", "x", "y"):
            if number in key:
                raw = base64.urlsafe_b64decode(key[number] + "==")
                assert base64url(raw) == key[number]
        if key["kty"] == "RSA":
            assert len(base64.urlsafe_b64decode(key["n"] + "==")) >= 256
    json.dumps(keys)
