"""FAPI 2.0 modules that need OpenID Connect: nonces, claims, wrong proofs."""

import secrets
from typing import Any

from . import conditions as must
from .browser import Browser
from .fapi2_profile import Profile
from .proofs import base64url, new_key, public, read, spoiled
from .provider import ISSUER, Provider
from .relying_party import Tokens


class OpenidModules(Profile):
    """Modules that need OpenID Connect."""

    async def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(
        self, op: Provider, ada: Browser
    ) -> None:
        tokens = await self.flow(await self.site(op), ada, nonce=None)
        assert "nonce" not in read(tokens.id_token)[1]

    async def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada, nonce=secrets.token_hex(32))

    async def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada, nonce=secrets.token_hex(192))

    async def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(
        self, op: Provider, ada: Browser
    ) -> None:
        """The suite skips it where the claims parameter is not offered; then it is ignored, not refused."""
        wanted = '{"userinfo":{"name":null,"nobody_knows_this":null},"id_token":{"name":{"essential":true}}}'
        site = await self.site(op)
        answer = await self.asked(site, ada, claims=wanted)
        response = await site.exchange(must.is_authorization_answer(site, answer))
        tokens = Tokens(answer, response)
        told = (await site.userinfo(tokens.access_token)).json()
        if op.metadata.get("claims_parameter_supported"):
            assert told["name"] == "Ada"
        assert "nobody_knows_this" not in told

    async def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        request_uri = await self.pushed(site, site.request())
        answer = await ada.open(self.short(site, request_uri, nonce="outside"))
        if answer.came_back and not answer.error:
            await self.finish(site, answer)
        elif answer.came_back:
            must.is_authorization_error(site, answer, "invalid_request", "invalid_request_object")
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_dpop_negative_tests(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        token = (await self.flow(site, ada)).access_token
        assert site.dpop_key is not None
        now = int(op.clock.now_s())
        url = str(op.metadata["userinfo_endpoint"])

        async def status(**changes: Any) -> int:
            return (await site.userinfo(token, **changes)).status_code

        async def sent(proof: str, **changes: Any) -> int:
            return await status(headers={"dpop": proof}, **changes)

        def proof(**changes: Any) -> str:
            return site.proof("GET", "userinfo_endpoint", token, **changes)

        good = proof()
        private = dict(site.dpop_key.as_dict(private=True))
        refused = {
            "no JWT": "not-a-jwt",
            "no typ": proof(header={"typ": None}),
            "another typ": proof(header={"typ": "JWT"}),
            "no alg": _without_alg(good),
            "no jwk": proof(header={"jwk": None}),
            "no jti": proof(jti=None),
            "no htm": proof(htm=None),
            "no htu": proof(htu=None),
            "no iat": proof(iat=None),
            "no ath": proof(ath=None),
            "alg none": _with_alg_none(good),
            "a signature that does not hold": spoiled(proof()),
            "the private key in the header": proof(header={"jwk": private}),
            "another method": proof(htm="PUT"),
            "another address": proof(htu=f"{ISSUER}/oauth/token"),
            "another host": proof(htu=url.replace(ISSUER, "https://other.example")),
            "an hour ahead": proof(iat=now + 3600),
            "an hour ago": proof(iat=now - 3600),
            "another token": proof(ath=base64url(b"\0" * 32)),
            "another key": proof(key=new_key("ES256")),
            "a key of another kind": proof(
                key=(rsa := new_key("RS256")), alg="RS256", header={"jwk": public(rsa)}
            ),
            "no proof": "",
        }
        for why, wrong in refused.items():
            assert await sent(wrong) in (400, 401), why
        assert await sent("", scheme="Bearer") in (400, 401)
        assert await self._two_proofs(op, token, good, proof()) in (400, 401)
        accepted = {
            "a query in htu": proof(htu=f"{url}?a=b#c"),
            "the scheme and host in capitals": proof(htu=url.replace(ISSUER, ISSUER.upper())),
            "the default port": proof(htu=url.replace(ISSUER, f"{ISSUER}:443")),
            "more than asked for": proof(header={"more": "x"}, more="y"),
            "nothing wrong": proof(),
        }
        for why, right in accepted.items():
            assert await sent(right) == 200, why
        once = proof()
        assert await sent(once) == 200
        assert await sent(once) in (400, 401)

    async def _two_proofs(self, op: Provider, token: str, one: str, two: str) -> int:
        headers = [("authorization", f"DPoP {token}"), ("dpop", one), ("dpop", two)]
        async with op.client() as client:
            return (await client.get(op.endpoint("userinfo_endpoint"), headers=headers)).status_code


def _without_alg(proof: str) -> str:
    return _with_header(proof, alg=None)


def _with_alg_none(proof: str) -> str:
    return _with_header(proof, alg="none").rpartition(".")[0] + "."


def _with_header(proof: str, **changes: Any) -> str:
    import json

    header, _ = read(proof)
    both = {name: value for name, value in {**header, **changes}.items() if value is not None}
    _, claims, signature = proof.split(".")
    return f"{base64url(json.dumps(both).encode())}.{claims}.{signature}"
