"""Clients of the OpenID Provider, registered by an administrator."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oidc import Client
from synfonium.apps.identity.model.people import LABEL_LENGTH, digest, is_redirect_uri, new_secret, parse_line
from synfonium.apps.identity.store import provider as store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Conflict, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MOST_REDIRECT_URIS = 10
MOST_CLIENTS = 1000


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A client just registered; the secret is empty for a public client, and never shown again."""

    client_id: str
    client_secret: str


class Clients:
    """Registers, lists and removes clients; takes back what people agreed to."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def add(
        self, name: str, redirect_uris: Sequence[str], *, is_public: bool, by: PersonId
    ) -> Registration:
        """Raises BadInput."""
        now_s = self._context.clock.now_s()
        secret = "" if is_public else new_secret()
        client = Client(
            id=new_id(now_s),
            name=_checked_name(name),
            secret_hash=digest(secret) if secret else "",
            redirect_uris=_checked_uris(redirect_uris),
            created_s=now_s,
        )

        def work(connection: Connection) -> None:
            if len(store.list_clients(connection)) >= MOST_CLIENTS:
                raise Conflict
            store.add_client(connection, client)
            self._context.audit.add(connection, by, "identity.client.add", f"identity:client/{client.id}")

        await self._context.database.write(work)
        return Registration(client_id=client.id, client_secret=secret)

    async def all(self) -> Sequence[Client]:
        return await self._context.database.read(store.list_clients)

    async def remove(self, client_id: str, *, by: PersonId) -> None:
        """Raises NotFound."""

        def work(connection: Connection) -> None:
            if not store.remove_client(connection, client_id):
                raise NotFound
            self._context.audit.add(connection, by, "identity.client.remove", f"identity:client/{client_id}")

        await self._context.database.write(work)

    async def consents_of(self, person_id: PersonId) -> Sequence[tuple[Client, tuple[str, ...], float]]:
        """What a person agreed to: client, scopes, since when."""
        return await self._context.database.read(lambda c: store.consents_of(c, person_id))

    async def withdraw(self, person_id: PersonId, client_id: str) -> None:
        """Takes a consent back, with all tokens given by it. Raises NotFound."""

        def work(connection: Connection) -> None:
            if not store.withdraw(connection, person_id, client_id):
                raise NotFound
            self._context.audit.add(
                connection, person_id, "identity.consent.withdraw", f"identity:client/{client_id}"
            )

        await self._context.database.write(work)


def _checked_name(name: str) -> str:
    try:
        return parse_line(name, LABEL_LENGTH)
    except ValueError:
        raise BadInput("name", _("A name is one line of 1 to 60 characters.")) from None


def _checked_uris(uris: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))
    if not 1 <= len(wanted) <= MOST_REDIRECT_URIS or not all(is_redirect_uri(uri) for uri in wanted):
        raise BadInput(
            "redirect_uri",
            _("Return addresses begin with https:// (or http://localhost for a program); 1 to 10 of them."),
        )
    return wanted
