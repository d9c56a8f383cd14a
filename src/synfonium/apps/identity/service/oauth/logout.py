"""Leaving: RP-Initiated Logout 1.0, and telling sites that a session ended (Back-Channel 1.0).

Whatever ends a session (a person, an administrator, a suspension, time) is found by its row
being gone; nothing that ends one needs to know of clients. What is to be told is a row too,
written in the transaction that found it, and is removed once the client has taken it.
"""

import asyncio
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Issued, Logout
from synfonium.apps.identity.model.oauth.request import answer_url
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.oauth.fetching import Fetcher
from synfonium.apps.identity.service.oauth.issuing import Issuing, encode
from synfonium.apps.identity.service.oauth.keys import SigningKeys
from synfonium.apps.identity.store.oauth import clients, issued
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOOK_EVERY_S = 30
REST_S = 1
TELL_FOR_S = 86_400
FIRST_WAIT_S = 5
LONGEST_WAIT_S = 3600
TOKEN_LIFE_S = 120

log = logs.get("identity")


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to sign out. url: where to go then, empty for here. is_sure: nobody need be asked."""

    url: str = ""
    client_name: str = ""
    is_sure: bool = False


class Logouts:
    """Reads wishes to sign out, and tells clients of sessions that ended."""

    def __init__(self, context: Context, keys: SigningKeys, issuing: Issuing, fetcher: Fetcher) -> None:
        self._context, self._keys, self._issuing, self._fetcher = context, keys, issuing, fetcher
        self._woken = asyncio.Event()

    async def wish(self, fields: dict[str, str], person: Person | None) -> Leaving:
        """What an RP asks for (RP-Initiated Logout 1.0, 2). A wrong return address is not followed."""
        hint = self._keys.read(fields.get("id_token_hint", "")) if "id_token_hint" in fields else {}
        client_id = fields.get("client_id") or str((hint or {}).get("aud", ""))
        client = await self._context.database.read(lambda c: clients.client_by_id(c, client_id))
        if hint is None or client is None or hint.get("aud", client.id) != client.id:
            return Leaving()
        uri = fields.get("post_logout_redirect_uri", "")
        state = {"state": fields["state"]} if "state" in fields else {}
        is_known = uri in client.metadata.post_logout_redirect_uris
        return Leaving(
            url=answer_url(uri, state) if is_known else "",
            client_name=client.name,
            is_sure=bool(hint) and self._is_of(hint, client, person),
        )

    def _is_of(self, hint: dict[str, Any], client: Client, person: Person | None) -> bool:
        """Whether the hint is about this very session, so that no other site forged the wish."""
        if person is None:
            return True
        return bool(hint.get("sid") == self._issuing.sid(client, person.session_id))

    # Telling clients

    def wake(self) -> None:
        """A session may have ended."""
        self._woken.set()

    async def tell_for_ever(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.tell()
            except Exception as failure:
                log.error("identity.logouts_not_told", failure)
            await asyncio.sleep(REST_S)  # a look costs by what is given out: never twice in a second
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def tell(self) -> None:
        """Finds sessions that ended, and tells the clients whose turn it is."""
        due = await self._context.database.write(self._collect)
        now_s = self._context.clock.now_s()
        ready = [(row, logout, client) for row, logout, client in due if logout.next_s <= now_s]
        await asyncio.gather(*(self._tell(row, logout, client) for row, logout, client in ready))

    def _collect(self, connection: Connection) -> list[tuple[Issued, Logout, Client]]:
        for visit in issued.ended_visits(connection):
            client = clients.client_by_id(connection, visit.client_id)
            if client and client.metadata.backchannel_logout_uri:
                issued.add(connection, self._to_tell(visit, client))
            issued.remove(connection, visit.hash)
        issued.end_with_sessions(connection)
        found = []
        for row in issued.due_logouts(connection):
            client = clients.client_by_id(connection, row.client_id)
            if client:
                found.append((row, msgspec.json.decode(row.body, type=Logout), client))
        return found

    def _to_tell(self, visit: Issued, client: Client) -> Issued:
        logout = Logout(
            sub=self._issuing.sub(client, visit.person_id), sid=self._issuing.sid(client, visit.session_id)
        )
        return Issued(
            hash=digest(f"logout\0{visit.hash}"),
            kind="logout",
            client_id=client.id,
            expires_s=self._context.clock.now_s() + TELL_FOR_S,
            body=encode(logout),
        )

    async def _tell(self, row: Issued, logout: Logout, client: Client) -> None:
        if await self._fetcher.tell_logout(client, self._token(logout, client)):
            await self._context.database.write(lambda c: issued.remove(c, row.hash))
            return
        wait_s = min(FIRST_WAIT_S * 2**logout.attempts, LONGEST_WAIT_S)
        next_s = self._context.clock.now_s() + wait_s
        later = msgspec.structs.replace(logout, attempts=logout.attempts + 1, next_s=next_s)
        await self._context.database.write(lambda c: issued.change(c, row.hash, body=encode(later)))
        log.info("identity.logout_not_taken", attempts=later.attempts)

    def _token(self, logout: Logout, client: Client) -> str:
        """Back-Channel Logout 1.0, section 2.4."""
        now_s = int(self._context.clock.now_s())
        claims = {
            "iss": self._issuing.issuer,
            "aud": client.id,
            "iat": now_s,
            "exp": now_s + TOKEN_LIFE_S,
            "jti": new_secret(),
            "sub": logout.sub,
            "sid": logout.sid,
            "events": {EVENT: {}},
        }
        return self._keys.sign(claims, client.metadata.id_token_signed_response_alg, "logout+jwt")
