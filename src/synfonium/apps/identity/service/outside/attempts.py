"""The way to an outside OpenID Provider and back: what the browser carries, and what it must bring."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.errors import (
    ChallengeExpired,
    OutsideRefused,
    OutsideUnreachable,
    SourceUnknown,
)
from synfonium.apps.identity.model.outside import (
    OpenIdSettings,
    Said,
    Source,
    TokenRefused,
    may_come,
    proposed_name,
    said_by_claims,
    usable_display,
)
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.outside.admission import Admission
from synfonium.apps.identity.service.outside.sources import Sources
from synfonium.apps.identity.service.outside.upstream import Metadata, Upstream, UpstreamFailed
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.sessions import Browser, NewSession
from synfonium.apps.identity.store import credentials
from synfonium.common.ids import PersonId
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.libraries.network.client import GuardedClient

ATTEMPT_LIFE_S = 600
ARRIVAL_LIFE_S = 900
LONGEST_CODE = 2000
USER_AGENT = "Synfonium"
AT_ONCE = 20

log = logs.get("identity")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser carries, sealed, to the provider and back. person and session are set
    when somebody who is signed in links their account."""

    source: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    next: str
    expires_s: float
    person: PersonId = PersonId("")
    session: str = ""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes, and what it carries."""

    url: str
    sealed: str


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A newcomer whom a source vouches for, until they have chosen a name."""

    source: str
    said: Said
    next: str
    expires_s: float


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    new: NewSession
    next: str


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    next: str


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may have an account: what to propose, and the sealed arrival to bring back."""

    source: Source
    name: str
    display: str
    sealed: str


class NeedsCode(msgspec.Struct, frozen=True, kw_only=True):
    """The person has switched a second step on: the sealed text to bring back with the code."""

    sealed: str
    next: str


Outcome = Entered | Linked | Newcomer | NeedsCode
Halfway = Callable[[PersonId, Said], Awaitable[str]]


class OutsideSignIn:
    """Sends people to outside providers and hears their answers."""

    def __init__(self, context: Context, sources: Sources, admission: Admission, halfway: Halfway) -> None:
        self._context, self._sources, self._admission = context, sources, admission
        self._halfway = halfway
        self._clients = {
            is_local: GuardedClient(USER_AGENT, is_local_allowed=is_local) for is_local in (False, True)
        }
        self._upstreams: dict[str, tuple[Source, Upstream]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    def upstream(self, source: Source) -> Upstream:
        """Speaks with the provider of `source`; kept with its keys until the source changes."""
        settings = source.settings
        if not isinstance(settings, OpenIdSettings):
            raise SourceUnknown
        known = self._upstreams.get(source.id)
        if known is None or known[0] != source:
            client, secret = self._clients[settings.is_local], self._sources.secret_of(source)
            now_s = self._context.clock.now_s
            known = self._upstreams[source.id] = (source, Upstream(settings, secret, client, now_s))
        return known[1]

    async def check(self, source: Source) -> None:
        """Asks the provider for what it publishes. Raises OutsideUnreachable."""
        try:
            await self.upstream(source).keys(older_than_s=0.0)
        except UpstreamFailed as failure:
            raise self._unreachable(failure) from None

    async def begin(self, source_id: str, next_path: str, person: Person | None = None) -> Start:
        """With `person`, to link that person's account. Raises SourceUnknown, OutsideUnreachable."""
        source = await self._sources.opened(source_id)
        upstream = self.upstream(source)
        attempt = Attempt(
            source=source.id,
            issuer=source.issuer,
            state=new_secret(),
            nonce=new_secret(),
            verifier=new_secret(),
            next=next_path,
            expires_s=self._context.clock.now_s() + ATTEMPT_LIFE_S,
            person=person.id if person else PersonId(""),
            session=person.session_id if person else "",
        )
        try:
            metadata = await upstream.metadata()
        except UpstreamFailed as failure:
            raise self._unreachable(failure) from None
        url = self._authorize_url(metadata, upstream.settings, attempt)
        return Start(url=url, sealed=seal(self._context, attempt, "outside.attempt"))

    def _authorize_url(self, metadata: Metadata, settings: OpenIdSettings, attempt: Attempt) -> str:
        challenge = hashlib.sha256(attempt.verifier.encode()).digest()
        fields = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self._sources.return_address(attempt.source),
            "scope": " ".join(settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        # Who links an account shows at that moment that it is theirs.
        if attempt.person:
            fields["prompt"] = "login"
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(fields)}"

    async def answer(
        self, source_id: str, fields: Mapping[str, str], sealed: str, person: Person | None, browser: Browser
    ) -> Outcome:
        """What the provider sent the browser back with.

        Raises ChallengeExpired, OutsideRefused, OutsideUnreachable, NotLinked, LinkedElsewhere,
        AccountSuspended, SourceUnknown.
        """
        source = await self._sources.opened(source_id)
        attempt = await self._spent_attempt(source, fields, sealed)
        async with self._at_once:
            try:
                said = await self._said(source, fields, attempt)
            except TokenRefused as refusal:
                raise self._refused(refusal.reason) from None
            except UpstreamFailed as failure:
                raise self._unreachable(failure) from None
        if attempt.person:
            if person is None or (person.id, person.session_id) != (attempt.person, attempt.session):
                raise self._refused("session")
            await self._admission.link(person.id, source.id, said, by=person.id)
            return Linked(next=attempt.next)
        known = await self._admission.account_of(said.issuer, said.subject)
        if known is None and may_come(source.settings, said):
            return self._newcomer(source, said, attempt.next)
        if known and (waiting := await self._halfway(known.id, said)):
            return NeedsCode(sealed=waiting, next=attempt.next)
        return Entered(new=await self._admission.enter(source, said, browser), next=attempt.next)

    async def _spent_attempt(self, source: Source, fields: Mapping[str, str], sealed: str) -> Attempt:
        """The attempt that this browser began; it serves once, whatever comes of it."""
        attempt, now_s = (
            unseal(self._context, sealed, "outside.attempt", Attempt),
            self._context.clock.now_s(),
        )
        if attempt.source != source.id or attempt.issuer != source.issuer:
            raise self._refused("source")
        if not hmac.compare_digest(attempt.state.encode(), fields.get("state", "").encode()):
            raise self._refused("state")
        if now_s >= attempt.expires_s:
            raise ChallengeExpired
        hashed = digest(attempt.state)

        def spend(connection: Connection) -> bool:
            return credentials.spend(connection, hashed, attempt.expires_s)

        if not await self._context.database.write(spend):
            raise ChallengeExpired
        return attempt

    async def _said(self, source: Source, fields: Mapping[str, str], attempt: Attempt) -> Said:
        upstream = self.upstream(source)
        metadata = await upstream.metadata()
        issuer = fields.get("iss")
        # RFC 9207, section 2.4: required of whoever promises it, and right wherever it is.
        if issuer != attempt.issuer and (
            issuer is not None or metadata.authorization_response_iss_parameter_supported
        ):
            raise TokenRefused("response_iss")
        code = fields.get("code", "")
        if "error" in fields or not 1 <= len(code) <= LONGEST_CODE:
            raise TokenRefused("answer")
        tokens = await upstream.exchange(code, self._sources.return_address(source.id), attempt.verifier)
        claims = await upstream.id_claims(tokens, attempt.nonce)
        return said_by_claims(upstream.settings, await upstream.more_claims(claims, tokens))

    def _newcomer(self, source: Source, said: Said, next_path: str) -> Newcomer:
        expires_s = self._context.clock.now_s() + ARRIVAL_LIFE_S
        arrival = Arrival(source=source.id, said=said, next=next_path, expires_s=expires_s)
        return Newcomer(
            source=source,
            name=proposed_name(said),
            display=usable_display(said.display),
            sealed=seal(self._context, arrival, "outside.arrival"),
        )

    async def welcome(
        self, source_id: str, sealed: str, name: str, display: str, browser: Browser
    ) -> Entered:
        """An account for a newcomer who has chosen a name.

        Raises ChallengeExpired, BadInput, NameTaken, NotLinked, LinkedElsewhere, SourceUnknown.
        """
        source = await self._sources.opened(source_id)
        arrival = unseal(self._context, sealed, "outside.arrival", Arrival)
        if arrival.source != source.id or arrival.said.issuer != source.issuer:
            raise ChallengeExpired
        if self._context.clock.now_s() >= arrival.expires_s:
            raise ChallengeExpired
        new = await self._admission.create(source, arrival.said, name, display, browser, digest(sealed))
        return Entered(new=new, next=arrival.next)

    async def log_out(self, source_id: str, token: str) -> None:
        """The provider says that somebody's session ended there. Raises OutsideRefused,
        OutsideUnreachable, ChallengeExpired, SourceUnknown."""
        source = await self._sources.opened(source_id)
        try:
            claims = await self.upstream(source).logout_claims(token)
        except TokenRefused as refusal:
            raise self._refused(refusal.reason) from None
        except UpstreamFailed as failure:
            raise self._unreachable(failure) from None
        await self._admission.end_sessions(
            source.issuer,
            subject=claims.get("sub", ""),
            sid=claims.get("sid", ""),
            spend=digest(f"{source.issuer} {claims['jti']}"),
        )
        log.info("identity.outside_logout")

    def _refused(self, reason: str) -> OutsideRefused:
        log.warning("identity.outside_refused", reason=reason)
        return OutsideRefused()

    def _unreachable(self, failure: UpstreamFailed) -> OutsideUnreachable:
        log.warning("identity.outside_unreachable", reason=failure.reason)
        return OutsideUnreachable()
