"""What other apps of this installation use of the provider: see contract.py."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import Answered, AppAccess, Approving, Signed
from synfonium.apps.identity.errors import ClientRefused
from synfonium.apps.identity.model.oauth import words
from synfonium.apps.identity.model.oauth.claims import consent_scopes
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import ACCESS_PREFIX, digest
from synfonium.apps.identity.service.oauth.authentication import Shown
from synfonium.apps.identity.service.oauth.devices import Devices
from synfonium.apps.identity.service.oauth.granting import Granting
from synfonium.apps.identity.service.oauth.issuing import Issuing, Made, approval_of
from synfonium.apps.identity.service.oauth.provider import Provider, Redirect
from synfonium.apps.identity.store.oauth import clients, issued
from synfonium.common.ids import PersonId
from synfonium.common.problem import SignInNeeded
from synfonium.kernel.context import Context


class ApprovalsHere:
    """`contract.Approvals`."""

    def __init__(self, context: Context, provider: Provider, devices: Devices) -> None:
        self._context, self._provider, self._devices = context, provider, devices

    async def open(self, sealed: str) -> Approving:
        waiting = self._provider.waiting(sealed)
        request = waiting.request
        client = await self._context.database.read(lambda c: clients.client_by_id(c, request.client_id))
        if client is None or waiting.refusal is not None:
            raise ClientRefused
        return Approving(
            client_id=client.id,
            name=client.name,
            site=urlsplit(request.redirect_uri).hostname or "",
            origins=tuple(sorted({origin_of(uri) for uri in client.redirect_uris} - {""})),
            details=request.details,
            scopes=consent_scopes(request.scopes, (*request.id_token_claims, *request.userinfo_claims)),
            user_code=waiting.user_code,
        )

    async def decide(self, sealed: str, person: Signed, details: Sequence[dict[str, Any]] | None) -> Answered:
        waiting = self._provider.waiting(sealed)
        allow = details is not None
        if waiting.user_code:
            await self._devices.decide(waiting.user_code, person, allow=allow, details=details)
            return Answered(url="", origin="", fields={})
        answer = await self._provider.decide(sealed, person, allow=allow, details=details)
        if not isinstance(answer, Redirect):
            here = urlencode({"next": f"/oauth/continue?{urlencode({'request': sealed})}"})
            return Answered(url=f"/signin/again?{here}", origin="", fields={})
        return Answered(
            url=answer.url,
            origin=origin_of(answer.uri),
            fields=dict(answer.fields),
            uri=answer.uri,
            is_posted=answer.mode == "form_post",
        )


class AccessTokensHere:
    """`contract.AccessTokens`, in every process; only reads."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of(self, token: str) -> AppAccess | None:
        if not token.startswith(ACCESS_PREFIX):
            return None
        hashed = digest(token)
        found = await self._context.database.read(lambda c: issued.find_with_person(c, "access", hashed))
        if found is None or found[1].is_suspended or self._context.clock.now_s() >= found[0].expires_s:
            raise SignInNeeded
        row, account = found
        approval = approval_of(row)
        issuer = self._context.site.public_url
        # RFC 9449, 7.2: a bound token is never taken as a bearer token.
        if approval.jkt or (approval.audience and issuer not in approval.audience):
            raise SignInNeeded
        return AppAccess(
            client_id=row.client_id, person=account.id, scopes=approval.scopes, details=approval.details
        )


class SubjectsHere:
    """`contract.Subjects`, in every process; only reads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = context.secrets.derive("identity.pairwise")

    async def of(self, client_id: str, person: PersonId) -> str | None:
        def work(connection: Connection) -> str | None:
            client = clients.client_by_id(connection, client_id)
            return words.pairwise(self._key, client.sector, person) if client else None

        return await self._context.database.read(work)


class CodesHere:
    """`contract.Codes`."""

    def __init__(self, context: Context, granting: Granting, issuing: Issuing) -> None:
        self._context, self._granting, self._issuing = context, granting, issuing

    async def redeem(self, client_id: str, code: str, redirect_uri: str, verifier: str) -> str:
        fields = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}

        def work(connection: Connection) -> Made | OAuthError:
            client = clients.client_by_id(connection, client_id)
            if client is None:
                raise SignInNeeded
            granted = self._granting.by_code(
                connection, client, fields, Shown(client_id=client_id, method="none")
            )
            if isinstance(granted, OAuthError):
                return granted  # what it wrote must stay: a replay revokes
            return self._issuing.make(connection, msgspec.structs.replace(granted, with_refresh=False), "")

        try:
            made = await self._context.database.write(work)
        except OAuthError:
            raise SignInNeeded from None
        if isinstance(made, OAuthError):
            raise SignInNeeded
        return made.access_token


def origin_of(uri: str) -> str:
    """The web origin of an address; empty for a private scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme in ("https", "http") else ""


def approvals(context: Context) -> ApprovalsHere:
    oauth = context.service.oauth
    return ApprovalsHere(context, oauth.provider, oauth.devices)


def codes(context: Context) -> CodesHere:
    oauth = context.service.oauth
    return CodesHere(context, oauth.granting, oauth.issuing)


def access_tokens(context: Context) -> AccessTokensHere:
    return AccessTokensHere(context)


def subjects(context: Context) -> SubjectsHere:
    return SubjectsHere(context)
