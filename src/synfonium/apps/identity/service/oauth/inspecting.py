"""What a token says: userinfo (Core 1.0, 5.3), introspection (RFC 7662), revocation (RFC 7009)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth.claims import wants_email
from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Approval, Issued, Kind
from synfonium.apps.identity.model.oauth.words import OAuthError, needed
from synfonium.apps.identity.model.people import ACCESS_PREFIX, Account, digest
from synfonium.apps.identity.service.oauth.authentication import Asked, Authentication
from synfonium.apps.identity.service.oauth.granting import may_see
from synfonium.apps.identity.service.oauth.issuing import Issuing, approval_of
from synfonium.apps.identity.service.oauth.proving import Proving
from synfonium.apps.identity.store import addresses
from synfonium.apps.identity.store.oauth import issued as store
from synfonium.kernel.context import Context

Found = tuple[Issued, Account, Client]


class Inspecting:
    """Tells the holder of a token, or a resource server, what it stands for."""

    def __init__(
        self, context: Context, authentication: Authentication, issuing: Issuing, proving: Proving
    ) -> None:
        self._context, self._authentication = context, authentication
        self._issuing, self._proving = issuing, proving

    async def userinfo(
        self, access_token: str, *, kind: str, dpop: str | None, method: str
    ) -> Mapping[str, Any] | str:
        """The claims, or a JWT of them. kind: the scheme it came by, in small letters.

        Raises OAuthError: invalid_token, insufficient_scope, invalid_dpop_proof.
        """
        found = await self._access(access_token)
        if found is None:
            raise OAuthError("invalid_token", "the access token is wrong, expired or revoked")
        row, account, client = found
        approval = approval_of(row)
        await self._check_key(approval, access_token, kind, dpop, method)
        if "openid" not in approval.scopes:
            raise OAuthError("insufficient_scope", "the token does not hold openid")
        if approval.audience and self._issuing.issuer not in approval.audience:
            raise OAuthError("invalid_token", "the access token is meant for somebody else")
        email = ""
        if wants_email(approval.scopes, approval.userinfo_claims):
            email = await self._context.database.read(lambda c: addresses.address_of(c, account.id))
        return self._issuing.userinfo(client, account, approval, email)

    async def _access(self, token: str) -> Found | None:
        if not token.startswith(ACCESS_PREFIX):
            return None
        hashed = digest(token)
        found = await self._context.database.read(lambda c: store.find_with_all(c, "access", hashed))
        if found is None or found[1].is_suspended or self._context.clock.now_s() >= found[0].expires_s:
            return None
        return found

    async def _check_key(
        self, approval: Approval, token: str, kind: str, dpop: str | None, method: str
    ) -> None:
        """A bound token comes with a proof by its key, and only so (RFC 9449, 7.1 and 7.2)."""
        if not approval.jkt and kind != "dpop":
            return
        if kind != "dpop" or dpop is None or not approval.jkt:
            raise OAuthError("invalid_token", "a bound token is sent by the scheme DPoP, with a proof")
        url = f"{self._issuing.issuer}/oauth/userinfo"
        if await self._proving.dpop(dpop, method, url, token, with_nonce=False) != approval.jkt:
            raise OAuthError("invalid_token", "the token is bound to another key")

    async def introspect(self, asked: Asked) -> dict[str, Any]:
        """RFC 7662, section 2.2; only for a client that can keep a secret. Raises OAuthError."""
        shown = await self._authentication.look(asked)
        hashed = digest(needed(asked.fields, "token"))

        def work(connection: Connection) -> tuple[Client, Found | None]:
            client = self._authentication.admit(connection, shown)
            if client.is_public:
                raise OAuthError("invalid_client", "introspection needs a client that authenticates")
            kinds: tuple[Kind, ...] = ("access", "refresh")
            found = [store.find_with_all(connection, kind, hashed) for kind in kinds]
            return client, next((one for one in found if one), None)

        client, found = await self._context.database.write(work)
        return {"active": False} if found is None else self._described(client, *found)

    def _described(self, asker: Client, row: Issued, account: Account, client: Client) -> dict[str, Any]:
        approval = approval_of(row)
        is_over = row.is_used or self._context.clock.now_s() >= row.expires_s or account.is_suspended
        if is_over or not may_see(asker, row, approval):
            return {"active": False}
        told: dict[str, Any] = {
            "active": True,
            "iss": self._issuing.issuer,
            "client_id": client.id,
            "sub": self._issuing.sub(asker, account.id),
            "scope": " ".join(approval.scopes),
            "exp": int(row.expires_s),
            "iat": int(approval.issued_s),
            "aud": list(approval.audience) or [client.id],
        }
        if row.kind == "access":
            told["token_type"] = "DPoP" if approval.jkt else "Bearer"
        if approval.jkt:
            told["cnf"] = {"jkt": approval.jkt}
        if approval.details:
            told["authorization_details"] = approval.details
        return told | ({"act": {"sub": approval.actor}} if approval.actor else {})

    async def revoke(self, asked: Asked) -> None:
        """RFC 7009: a refresh token takes all that came of it along. Raises OAuthError."""
        shown = await self._authentication.look(asked)
        hashed = digest(needed(asked.fields, "token"))

        def work(connection: Connection) -> None:
            client = self._authentication.admit(connection, shown)
            access = store.find(connection, "access", hashed)
            if access and access.client_id == client.id:
                store.remove(connection, hashed)
            refresh = store.find(connection, "refresh", hashed)
            if refresh and refresh.client_id == client.id:
                store.revoke_family(connection, refresh.family)

        await self._context.database.write(work)
