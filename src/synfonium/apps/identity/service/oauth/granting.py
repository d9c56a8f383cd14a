"""The token endpoint: what each grant type comes to (RFC 6749, 8628, 8693)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth import words
from synfonium.apps.identity.model.oauth.claims import wants_email
from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Approval, Device, Issued
from synfonium.apps.identity.model.oauth.words import OAuthError, needed
from synfonium.apps.identity.model.people import Account, digest
from synfonium.apps.identity.service.oauth.authentication import Asked, Authentication, Shown
from synfonium.apps.identity.service.oauth.issuing import (
    Granted,
    Issuing,
    Made,
    approval_of,
    encode,
    narrowed,
)
from synfonium.apps.identity.store import addresses
from synfonium.apps.identity.store.oauth import issued as store
from synfonium.kernel.context import Context

Fields = Mapping[str, str]
Grant = Callable[[Connection, Client, Fields, Shown], Granted | OAuthError]
replace = msgspec.structs.replace


class Granting:
    """Exchanges codes, refresh tokens, device codes and access tokens for tokens.

    A grant gives its refusal back where what it wrote must stay (a replay revokes), and
    raises it where nothing may.
    """

    def __init__(self, context: Context, authentication: Authentication, issuing: Issuing) -> None:
        self._context, self._authentication, self._issuing = context, authentication, issuing
        self._grants: dict[str, Grant] = {
            "authorization_code": self.by_code,
            "refresh_token": self._by_refresh,
            words.DEVICE_GRANT: self._by_device,
            words.EXCHANGE_GRANT: self._by_exchange,
        }

    async def token(self, asked: Asked) -> dict[str, Any]:
        """The answer of RFC 6749, 5.1. Raises OAuthError."""
        shown = await self._authentication.look(asked)
        kind = needed(asked.fields, "grant_type")
        grant = self._grants.get(kind)
        if grant is None:
            raise OAuthError("unsupported_grant_type", "this grant_type is not known here")

        def work(connection: Connection) -> Made | OAuthError:
            client = self._authentication.admit(connection, shown)
            if kind not in client.metadata.grant_types:
                return OAuthError("unauthorized_client", "the client is not registered for this grant_type")
            granted = grant(connection, client, asked.fields, shown)
            if isinstance(granted, OAuthError):
                return granted
            if wants_email((), granted.approval.id_token_claims):
                granted = replace(granted, email=addresses.address_of(connection, granted.account.id))
            return self._issuing.make(connection, granted, shown.jkt)

        made = await self._context.database.write(work)
        if isinstance(made, OAuthError):
            raise made
        answer = self._issuing.answer(made)
        return {**answer, "issued_token_type": words.ACCESS_TYPE} if kind == words.EXCHANGE_GRANT else answer

    def by_code(
        self, connection: Connection, client: Client, fields: Fields, shown: Shown
    ) -> Granted | OAuthError:
        hashed, now_s = digest(needed(fields, "code")), self._context.clock.now_s()
        redirect_uri = needed(fields, "redirect_uri")
        found = store.find_with_person(connection, "code", hashed)
        if found is None:
            raise _bad_grant("the code is not valid here")
        row, account = found
        approval = approval_of(row)
        # A used code fits still, so that its replay is told from a wrong one.
        is_alive = row.is_used or now_s < row.expires_s
        is_same = row.client_id == client.id and approval.redirect_uri == redirect_uri
        is_bound = not approval.jkt or approval.jkt == shown.jkt
        is_proved = words.verifier_matches(approval.code_challenge, fields.get("code_verifier", ""))
        if not (is_alive and is_same and is_bound and is_proved) or account.is_suspended:
            raise _bad_grant("the code is not valid here")
        if not store.use(connection, hashed):
            store.revoke_family(connection, row.family)
            return _bad_grant("the code was used before; what it gave is revoked")
        return self._granted(client, account, self._aimed(approval, fields), row)

    def _granted(self, client: Client, account: Account, approval: Approval, row: Issued) -> Granted:
        now_s = self._context.clock.now_s()
        last_s = approval.began_s + words.REFRESH_LIFE_S
        return Granted(
            client=client,
            account=account,
            approval=approval,
            family=row.family,
            session_id=row.session_id,
            with_refresh=approval.is_lasting and now_s < last_s,
            refresh_until_s=min(now_s + words.REFRESH_IDLE_S, last_s),
        )

    def _aimed(self, approval: Approval, fields: Fields) -> Approval:
        """For the resource servers that are asked for now (RFC 8707, 2.2)."""
        try:
            return replace(approval, audience=narrowed(fields.get("resource", ""), approval.audience))
        except ValueError:
            raise OAuthError("invalid_target", "this resource was not approved") from None

    def _by_refresh(
        self, connection: Connection, client: Client, fields: Fields, shown: Shown
    ) -> Granted | OAuthError:
        hashed, now_s = digest(needed(fields, "refresh_token")), self._context.clock.now_s()
        found = store.find_with_person(connection, "refresh", hashed)
        if found is None or found[0].client_id != client.id or now_s >= found[0].expires_s:
            raise _bad_grant("the refresh token is wrong, expired or revoked")
        row, account = found
        approval = approval_of(row)
        if account.is_suspended or (approval.jkt and approval.jkt != shown.jkt):
            raise _bad_grant("the refresh token is not valid here")
        granted = self._granted(client, account, self._narrowed(self._aimed(approval, fields), fields), row)
        # FAPI 2, 5.3.2.1: a token that only its client can use is not rotated.
        if client.is_strict:
            return replace(granted, with_refresh=False)
        if not store.use(connection, hashed):
            store.revoke_family(connection, row.family)
            return _bad_grant("the refresh token was used before; all that came of it is revoked")
        return replace(granted, with_refresh=True)

    def _narrowed(self, approval: Approval, fields: Fields) -> Approval:
        try:
            return replace(approval, scopes=narrowed(fields.get("scope", ""), approval.scopes))
        except ValueError:
            raise OAuthError("invalid_scope", "scope holds more than was approved") from None

    def _by_device(
        self, connection: Connection, client: Client, fields: Fields, shown: Shown
    ) -> Granted | OAuthError:
        hashed, now_s = digest(needed(fields, "device_code")), self._context.clock.now_s()
        row = store.find(connection, "device", hashed)
        if row is None or row.client_id != client.id or row.is_used:
            raise _bad_grant("the device code is not valid here")
        if now_s >= row.expires_s:
            raise OAuthError("expired_token", "the device code is too old")
        device = msgspec.json.decode(row.body, type=Device)
        if device.state == "refused":
            raise OAuthError("access_denied", "the person did not agree")
        if device.state == "waiting":
            return self._polled(connection, row, device, now_s)
        account = store.find_with_person(connection, "device", hashed)
        if account is None or account[1].is_suspended or not store.use(connection, hashed):
            raise _bad_grant("the device code is not valid here")
        return self._granted(client, account[1], device.approval, replace(row, family=hashed))

    def _polled(self, connection: Connection, row: Issued, device: Device, now_s: float) -> OAuthError:
        """RFC 8628, section 3.5: who asks too often has to wait five seconds longer each time."""
        is_hasty = now_s - device.polled_s < device.interval_s
        interval_s = device.interval_s + (words.DEVICE_INTERVAL_S if is_hasty else 0)
        body = encode(replace(device, polled_s=now_s, interval_s=min(interval_s, 60)))
        store.change(connection, row.hash, body=body)
        if is_hasty:
            return OAuthError("slow_down", "ask five seconds later than you did")
        return OAuthError("authorization_pending", "the person has not decided yet")

    def _by_exchange(
        self, connection: Connection, client: Client, fields: Fields, shown: Shown
    ) -> Granted | OAuthError:
        """A token for another audience, for less, never for longer (RFC 8693, 2.1)."""
        if needed(fields, "subject_token_type") != words.ACCESS_TYPE or "actor_token" in fields:
            raise OAuthError("invalid_request", "subject_token is an access token; no actor_token is taken")
        if fields.get("requested_token_type", words.ACCESS_TYPE) != words.ACCESS_TYPE:
            raise OAuthError("invalid_request", "only access tokens are given")
        found = store.find_with_all(connection, "access", digest(needed(fields, "subject_token")))
        if found is None or self._context.clock.now_s() >= found[0].expires_s or found[1].is_suspended:
            raise OAuthError("invalid_request", "subject_token is wrong, expired or revoked")
        row, account, _owner = found
        approval = approval_of(row)
        if not may_see(client, row, approval) or (approval.jkt and approval.jkt != shown.jkt):
            raise OAuthError("invalid_request", "subject_token is not meant for this client")
        approval = self._narrowed(self._aimed(approval, fields), fields)
        actor = client.id if client.id != row.client_id else approval.actor
        scopes = tuple(scope for scope in approval.scopes if scope != "offline_access")
        approval = replace(approval, actor=actor, scopes=scopes)
        return Granted(
            client=client,
            account=account,
            approval=approval,
            family=row.family,
            session_id=row.session_id,
            expires_s=row.expires_s,
        )


def may_see(client: Client, row: Issued, approval: Approval) -> bool:
    """Whether a token was given to the client, or is meant for an address that it serves."""
    return client.id == row.client_id or bool(set(approval.audience) & set(client.metadata.resource_uris))


def _bad_grant(why: str) -> OAuthError:
    return OAuthError("invalid_grant", why)
