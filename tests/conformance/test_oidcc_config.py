"""`oidcc-config-certification-test-plan`: what discovery says, and that it is so."""

import re
from urllib.parse import urlsplit

import pytest

from . import conditions as must
from .provider import ISSUER, Provider
from .relying_party import register

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
RESPONSE_TYPES = {
    *("code", "code id_token", "id_token", "token id_token", "id_token token"),
    *("code id_token token", "code token", "none"),
}


async def test_oidcc_discovery_endpoint_verification(op: Provider) -> None:
    answer = await op.get("/.well-known/openid-configuration")
    assert answer.status_code == 200
    must.is_json(answer)
    found = answer.json()
    assert found["issuer"] == ISSUER
    assert urlsplit(found["issuer"]).query == urlsplit(found["issuer"]).fragment == ""
    assert set(found["response_types_supported"]) & RESPONSE_TYPES
    assert set(found["subject_types_supported"]) <= {"public", "pairwise"}
    assert found["subject_types_supported"]
    assert found["grant_types_supported"]
    assert "openid" in found["scopes_supported"]
    assert all(_SCOPE.fullmatch(scope) for scope in found["scopes_supported"])
    for name in ("ui_locales_supported", "claims_locales_supported"):
        assert all(_LANGUAGE.fullmatch(tag) for tag in found.get(name, []))
    assert "S256" in found["code_challenge_methods_supported"]
    assert found["claims_supported"]
    for name, value in found.items():
        if name.endswith("_supported") and name not in _BOOLEANS:
            assert isinstance(value, list), name
            assert value, name
        elif name in _BOOLEANS:
            assert isinstance(value, bool), name


_BOOLEANS = {
    *("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"),
    *("authorization_response_iss_parameter_supported", "backchannel_logout_supported"),
    *("backchannel_logout_session_supported", "frontchannel_logout_supported"),
    *("frontchannel_logout_session_supported", "tls_client_certificate_bound_access_tokens"),
    "require_request_uri_registration",
}


async def test_oidcc_discovery_endpoint_verification_rs256(op: Provider) -> None:
    """Core 1.0, section 15.1: every provider signs id tokens with RS256 when asked for nothing else."""
    assert op.supports("id_token_signing_alg_values_supported", "RS256")


async def test_oidcc_discovery_endpoint_verification_https(op: Provider) -> None:
    for name, value in op.metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert urlsplit(value).scheme == "https", name
            assert not urlsplit(value).fragment, name
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert name in op.metadata


async def test_oidcc_discovery_endpoint_verification_keys(op: Provider) -> None:
    """A key stands there before a client can be signed for with it: at the latest when one registers."""
    must.are_published_keys(await op.keys())
    if "registration_endpoint" in op.metadata:
        for alg in op.metadata["id_token_signing_alg_values_supported"]:
            await register(op, id_token_signed_response_alg=alg)
    keys = await op.keys()
    must.are_published_keys(keys)
    by_kind = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("EdDSA", "Ed25519")}
    for alg in op.metadata["id_token_signing_alg_values_supported"]:
        assert any(alg in by_kind[key["kty"]] for key in keys), alg


async def test_oidcc_discovery_endpoint_verification_each_endpoint_answers(op: Provider) -> None:
    for name, value in op.metadata.items():
        if name.endswith(("_endpoint", "_uri")) and value.startswith(ISSUER):
            answer = await op.get(op.endpoint(name))
            assert answer.status_code in (200, 302, 303, 400, 401, 405), name
