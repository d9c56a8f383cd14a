"""`oidcc-dynamic-certification-test-plan`, as far as a provider of the code flow alone can go."""

import secrets
from typing import Any

import pytest

from . import conditions as must
from .browser import Browser
from .modules import CommonModules
from .network import Network
from .proofs import new_key, public, read
from .provider import ISSUER, Provider
from .relying_party import (
    REDIRECT,
    RP_ORIGIN,
    RelyingParty,
    ask_to_register,
    register,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECTOR = f"{RP_ORIGIN}/redirect_uris.json"


class TestOidccDynamic(CommonModules):
    mode, auth = "query", "private_key_jwt"

    async def site(self, op: Provider, **metadata: Any) -> RelyingParty:
        assert "registration_endpoint" in op.metadata
        return await super().site(op, **metadata)

    async def test_oidcc_idtoken_rs256(self, op: Provider, ada: Browser) -> None:
        tokens = await self.flow(await self.site(op, id_token_signed_response_alg="RS256"), ada)
        header, _ = read(tokens.id_token)
        assert header["alg"] == "RS256"
        assert header["kid"]

    async def test_oidcc_userinfo_rs256(self, op: Provider, ada: Browser) -> None:
        assert op.supports("userinfo_signing_alg_values_supported", "RS256")
        site = await self.site(op, userinfo_signed_response_alg="RS256")
        answer = await site.ask(ada)
        tokens = (await site.exchange(must.is_authorization_answer(site, answer))).json()
        told = await site.userinfo(tokens["access_token"])
        assert told.status_code == 200
        assert told.headers["content-type"].partition(";")[0] == "application/jwt"
        header = await must.signature_holds(site, told.text)
        assert header["alg"] == "RS256"
        _, claims = read(told.text)
        assert claims["sub"] == read(tokens["id_token"])[1]["sub"]
        assert claims["iss"] == ISSUER
        assert site.id in (claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]])
        assert "nonce" not in claims

    async def test_oidcc_ensure_redirect_uri_in_authorization_request(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op, redirect_uris=[REDIRECT, f"{REDIRECT}2"])
        must.is_error_page(await site.ask(ada, redirect_uri=None))

    async def test_oidcc_redirect_uri_query_OK(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op, redirect_uris=[f"{REDIRECT}?foo=bar"])
        tokens = await self.flow(site, ada)
        assert tokens.answer.query["foo"] == "bar"

    async def test_oidcc_redirect_uri_query_mismatch(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op, redirect_uris=[f"{REDIRECT}?foo=bar"])
        must.is_error_page(await site.ask(ada, redirect_uri=f"{REDIRECT}?bar=foo"))

    async def test_oidcc_redirect_uri_query_added(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        must.is_error_page(await site.ask(ada, redirect_uri=f"{REDIRECT}?foo=bar"))

    async def test_oidcc_redirect_uri_regfrag(self, op: Provider) -> None:
        answer = await _asked(op, redirect_uris=[f"{REDIRECT}#foobar"])
        assert answer.json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
        assert answer.status_code == 400

    async def test_oidcc_discovery_endpoint_verification(self, op: Provider) -> None:
        """Without the implicit flow, which this plan asks for and OAuth 2.1 forbids."""
        assert "code" in op.metadata["response_types_supported"]
        assert "authorization_code" in op.metadata["grant_types_supported"]
        answer = await op.get(op.endpoint("registration_endpoint"))
        assert answer.status_code in (400, 401, 405)

    async def test_oidcc_registration_logo_uri(self, op: Provider, ada: Browser, network: Network) -> None:
        """The logo is kept; no page of ours asks a third party for a picture."""
        logo = f"{RP_ORIGIN}/logo.png"
        network.serve(logo, _PIXEL, media_type="image/png")
        site = await self.site(op, logo_uri=logo)
        assert site.registration["logo_uri"] == logo
        page = await self._consent_page(site, ada)
        assert f'src="{logo}"' not in page

    async def test_oidcc_registration_policy_uri(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op, policy_uri=f"{RP_ORIGIN}/policy")
        assert f'href="{RP_ORIGIN}/policy"' in await self._consent_page(site, ada)

    async def test_oidcc_registration_tos_uri(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op, tos_uri=f"{RP_ORIGIN}/tos")
        assert f'href="{RP_ORIGIN}/tos"' in await self._consent_page(site, ada)

    async def _consent_page(self, site: RelyingParty, ada: Browser) -> str:
        await ada.sign_in()
        ada.decision = ""
        answer = await site.ask(ada)
        assert answer.status == 200
        return answer.text

    async def test_oidcc_registration_jwks_uri(self, op: Provider, ada: Browser, network: Network) -> None:
        key, where = new_key("RS256"), f"{RP_ORIGIN}/client1_jwks"
        network.serve(where, {"keys": [public(key)]})
        await self.flow(await self.site(op, key=key, jwks_uri=where), ada)
        assert network.calls_to(where)

    async def test_oidcc_registration_sector_uri(self, op: Provider, network: Network) -> None:
        uris = [REDIRECT, "https://other.example/cb"]
        network.serve(SECTOR, uris)
        site = await self.site(op, redirect_uris=uris, subject_type="pairwise", sector_identifier_uri=SECTOR)
        assert site.registration["subject_type"] == "pairwise"

    async def test_oidcc_registration_sector_bad(self, op: Provider, network: Network) -> None:
        network.serve(SECTOR, ["https://not.yours.example/cb"])
        answer = await _asked(op, subject_type="pairwise", sector_identifier_uri=SECTOR)
        assert answer.status_code == 400
        must.is_json(answer)
        assert answer.json()["error"] == "invalid_client_metadata"

    async def test_oidcc_server_rotate_keys(self, op: Provider, ada: Browser) -> None:
        before = await op.keys()
        site = await self.site(op)
        old = await self.flow(site, ada)
        await op.rotate_keys()
        after = await op.keys()
        must.are_published_keys(after)
        assert {key["kid"] for key in after} > {key["kid"] for key in before}
        await must.signature_holds(site, old.id_token)
        new = await self.flow(site, ada)
        assert read(new.id_token)[0]["kid"] != read(old.id_token)[0]["kid"]

    async def test_oidcc_refresh_token_rp_key_rotation(
        self, op: Provider, ada: Browser, network: Network
    ) -> None:
        key, where = new_key("RS256"), f"{RP_ORIGIN}/client2_jwks"
        network.serve(where, {"keys": [public(key)]})
        grants = ["authorization_code", "refresh_token"]
        site = await self.site(op, key=key, jwks_uri=where, grant_types=grants)
        site.scope = "openid offline_access"
        tokens = await self.flow(site, ada, prompt="consent")
        site.key = new_key("RS256")
        network.serve(where, {"keys": [public(site.key)]})
        op.clock.ahead_s += 61
        body = must.is_token_answer(await site.refresh(tokens.refresh_token))
        must.is_userinfo(await site.userinfo(body["access_token"]), read(tokens.id_token)[1]["sub"])

    async def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        site.audience = ISSUER
        answer = await site.ask(ada)
        must.is_token_answer(await site.exchange(answer.code))

    async def test_a_client_is_read_and_removed_with_its_own_token(self, op: Provider, ada: Browser) -> None:
        """RFC 7592, sections 2.1 and 2.3; the suite ends each module so."""
        site, other = await self.site(op), await self.site(op)
        where = str(site.registration["registration_client_uri"])
        mine = {"authorization": f"Bearer {site.registration['registration_access_token']}"}
        theirs = {"authorization": f"Bearer {other.registration['registration_access_token']}"}
        async with op.client() as client:
            assert (await client.get(where, headers=mine)).json()["client_id"] == site.id
            for wrong in (theirs, {}, {"authorization": "Bearer x"}):
                assert (await client.get(where, headers=wrong)).status_code in (401, 403)
                assert (await client.delete(where, headers=wrong)).status_code in (401, 403)
            assert (await client.delete(where, headers=mine)).status_code == 204
            assert (await client.get(where, headers=mine)).status_code == 401
        must.is_error_page(await site.ask(ada))

    async def test_registration_says_what_it_keeps_and_refuses_what_it_cannot(self, op: Provider) -> None:
        """RFC 7591, sections 3.2.1 and 3.2.2."""
        site = await register(op)
        must.is_hard_to_guess(site.secret)
        assert site.registration["client_secret_expires_at"] == 0
        for wrong in (
            {"redirect_uris": []},
            {"redirect_uris": ["http://rp.example/cb"]},
            {"redirect_uris": ["javascript:alert(1)"]},
            {"redirect_uris": [f"{REDIRECT}/*#"]},
            {"redirect_uris": "https://rp.example/cb"},
            {"response_types": ["token"]},
            {"grant_types": ["implicit"]},
            {"grant_types": ["password"]},
            {"token_endpoint_auth_method": "tls_client_auth"},
            {"id_token_signed_response_alg": "none"},
            {"id_token_signed_response_alg": "HS256"},
            {"subject_type": "nobody"},
            {"jwks": {"keys": "x"}},
            {"jwks": {"keys": [public(new_key("ES256"))]}, "jwks_uri": f"{RP_ORIGIN}/jwks"},
            {"jwks_uri": "http://rp.example/jwks"},
            {"client_name": "x" * 5000},
            {"client_name": "two\nlines"},
            {"logo_uri": "javascript:alert(1)"},
            {"policy_uri": "data:text/html,x"},
        ):
            answer = await _asked(op, **wrong)
            assert answer.status_code == 400, (wrong, answer.text)
            assert answer.json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata"), wrong


_PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


async def _asked(op: Provider, **metadata: Any) -> Any:
    body = {
        "client_name": "Tea Club",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public(new_key("RS256"))]},
        "software_id": secrets.token_hex(4),
        **metadata,
    }
    if "jwks_uri" in metadata and "jwks" not in metadata:
        del body["jwks"]
    return await ask_to_register(op, body)
