"""The device flow: a screen without a keyboard shows a code, a person types it elsewhere (RFC 8628)."""

import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import Signed
from synfonium.apps.identity.errors import CodeUnknown, TooManyTries
from synfonium.apps.identity.model.oauth import words
from synfonium.apps.identity.model.oauth.issued import Approval, Device, Issued
from synfonium.apps.identity.model.oauth.request import (
    AuthorizationRequest,
    authorization_details,
    resources_of,
    scopes_of,
)
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.oauth.authentication import Asked, Authentication
from synfonium.apps.identity.service.oauth.issuing import encode
from synfonium.apps.identity.service.oauth.provider import AskConsent, Details, Provider, approved
from synfonium.apps.identity.store import consents
from synfonium.apps.identity.store.oauth import clients, issued
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

# RFC 8628, 6.1: letters that make no words and are not mistaken for one another.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
MOST_TRIES = 10
TRIES_S = 600
MOST_COUNTED = 10_000


class Devices:
    """Gives device codes, and asks the person about them."""

    def __init__(self, context: Context, authentication: Authentication, provider: Provider) -> None:
        self._context, self._authentication, self._provider = context, authentication, provider
        self._tries: dict[PersonId, list[float]] = {}

    async def begin(self, asked: Asked) -> dict[str, Any]:
        """RFC 8628, section 3.2. Raises OAuthError."""
        shown = await self._authentication.look(asked)
        device_code = new_secret()
        user_code = "".join(secrets.choice(LETTERS) for _place in range(8))
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            client = self._authentication.admit(connection, shown)
            if words.DEVICE_GRANT not in client.metadata.grant_types:
                raise OAuthError("unauthorized_client", "the client is not registered for devices")
            details = authorization_details(
                asked.fields.get("authorization_details", ""), client, self._provider.detail_types()
            )
            request = AuthorizationRequest(
                client_id=client.id,
                redirect_uri="",
                scopes=scopes_of(asked.fields, client, has_details=bool(details)),
                details=details,
                resources=resources_of(asked.fields),
            )
            row = Issued(
                hash=digest(device_code),
                kind="device",
                family=digest(user_code),
                client_id=client.id,
                expires_s=now_s + words.DEVICE_LIFE_S,
                body=encode(Device(request=request)),
            )
            issued.add(connection, row)

        await self._context.database.write(work)
        shown_code = f"{user_code[:4]}-{user_code[4:]}"
        page = f"{self._context.site.public_url}/device"
        return {
            "device_code": device_code,
            "user_code": shown_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown_code}",
            "expires_in": words.DEVICE_LIFE_S,
            "interval": words.DEVICE_INTERVAL_S,
        }

    async def ask(self, user_code: str, person: Person) -> AskConsent:
        """What the person is asked about the device. Raises CodeUnknown, TooManyTries."""
        self._count(person.id)
        code = plain_code(user_code)

        def work(connection: Connection) -> AskConsent:
            row, device = self._waiting(connection, code)
            client = clients.client_by_id(connection, row.client_id)
            if client is None:
                raise CodeUnknown
            return self._provider.ask(device.request, client, device.request.scopes, user_code=code)

        return await self._context.database.read(work)

    async def decide(
        self, user_code: str, person: Signed, *, allow: bool, details: Details | None = None
    ) -> None:
        """details: as the person filled them in. Raises CodeUnknown, TooManyTries."""
        self._count(person.id)
        code, now_s = plain_code(user_code), self._context.clock.now_s()

        def work(connection: Connection) -> None:
            row, device = self._waiting(connection, code)
            filled = {} if details is None else {"details": tuple(details)}
            request = msgspec.structs.replace(device.request, **filled)
            approval = approved(request, person, now_s) if allow else Approval()
            body = encode(
                msgspec.structs.replace(device, state="allowed" if allow else "refused", approval=approval)
            )
            issued.change(connection, row.hash, body=body, person=person.id, session=person.session_id)
            if allow:
                consents.consent(connection, person.id, row.client_id, device.request.scopes, now_s)
                address = f"identity:client/{row.client_id}"
                self._context.audit.add(
                    connection, person.id, "identity.device.allow", address, row.client_id
                )

        await self._context.database.write(work)

    def _waiting(self, connection: Connection, code: str) -> tuple[Issued, Device]:
        row = issued.find_in_family(connection, "device", digest(code))
        if row is None or self._context.clock.now_s() >= row.expires_s:
            raise CodeUnknown
        device = msgspec.json.decode(row.body, type=Device)
        if device.state != "waiting":
            raise CodeUnknown
        return row, device

    def _count(self, person_id: PersonId) -> None:
        """RFC 8628, 5.1: a person has ten tries in ten minutes at twenty to the eighth codes."""
        now_s = self._context.clock.now_s()
        recent = [tried_s for tried_s in self._tries.get(person_id, []) if now_s - tried_s < TRIES_S]
        if len(recent) >= MOST_TRIES:
            raise TooManyTries
        if len(self._tries) >= MOST_COUNTED:
            self._tries.clear()
        self._tries[person_id] = [*recent, now_s]


def plain_code(text: str) -> str:
    """As people type it: any case, with or without the hyphen."""
    return "".join(letter for letter in text.upper()[:40] if letter in LETTERS)
