"""The authorization endpoint: what to do about a request (Core 1.0, 3.1.2; RFC 9126).

No step hashes slowly or takes more than one transaction; authorization requests
that wait for a person travel sealed with the browser and are not stored.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import DetailType, Signed
from synfonium.apps.identity.errors import ChallengeExpired, ClientRefused
from synfonium.apps.identity.model.oauth import request as requests
from synfonium.apps.identity.model.oauth import words
from synfonium.apps.identity.model.oauth.claims import consent_scopes
from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Approval, Issued
from synfonium.apps.identity.model.oauth.request import AuthorizationRequest
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.oauth.authentication import Asked, Authentication
from synfonium.apps.identity.service.oauth.issuing import Issuing, encode
from synfonium.apps.identity.service.oauth.keys import SigningKeys
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.store import consents
from synfonium.apps.identity.store.oauth import clients, issued
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

replace = msgspec.structs.replace


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization request that waits for a person to sign in or to agree."""

    request: AuthorizationRequest
    expires_s: float
    refusal: tuple[str, str] | None = None
    user_code: str = ""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """A pushed request. begins_s: until when the browser may bring its request_uri."""

    request: AuthorizationRequest
    begins_s: float


class Redirect(msgspec.Struct, frozen=True):
    """The answer goes to the client at `uri`; `mode` is how (query, fragment, form_post)."""

    uri: str
    fields: Mapping[str, str]
    mode: str = "query"

    @property
    def url(self) -> str:
        return requests.answer_url(self.uri, self.fields, self.mode)


class AskSignIn(msgspec.Struct, frozen=True):
    """The person has to sign in, then to come back with `sealed`; `locales` are what the site wishes."""

    sealed: str
    locales: str = ""


class AskConsent(msgspec.Struct, frozen=True):
    """The person has to agree that `client` gets `scopes`; details are in plain words. page: of
    another app, where they decide by doing (contract.DetailType)."""

    sealed: str
    client: Client
    scopes: tuple[str, ...]
    details: tuple[str, ...] = ()
    user_code: str = ""
    site: str = ""
    page: str = ""


Answer = Redirect | AskSignIn | AskConsent


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code about to be stored; `remember` keeps the consent with it."""

    person: Signed
    request: AuthorizationRequest
    remember: bool


Details = Sequence[dict[str, Any]]
Decide = Callable[[Client, frozenset[str]], Answer | NewCode]


class Provider:
    """Answers clients about people who agree to it."""

    def __init__(
        self, context: Context, keys: SigningKeys, authentication: Authentication, issuing: Issuing
    ) -> None:
        self._context, self._keys = context, keys
        self._authentication, self._issuing = authentication, issuing

    @property
    def issuer(self) -> str:
        return self._context.site.public_url

    def detail_types(self) -> dict[str, DetailType]:
        """What apps let a client ask for by `authorization_details`, by type (RFC 9396)."""
        return {kind.type: kind for kind in self._context.offers(DetailType)}  # type: ignore[type-abstract]

    def read_request(self, fields: Mapping[str, str], client: Client) -> AuthorizationRequest:
        """The whole request of a client. Raises OAuthError; ClientRefused for another's address."""
        bare = requests.answerable(fields, client)
        if bare is None:
            raise ClientRefused
        kinds = self.detail_types()
        whole = requests.complete(bare, fields, client, kinds)
        for detail in whole.details:
            try:
                kinds[detail["type"]].check(detail)
            except ValueError:
                raise OAuthError(
                    "invalid_authorization_details", "a detail lacks what its type needs"
                ) from None
        return whole

    # Authorization endpoint

    async def authorize(self, pairs: Sequence[tuple[str, str]], person: Person | None) -> Answer:
        """What to do about an authorization request. Raises ClientRefused."""
        try:
            fields = words.request_fields(pairs)
        except OAuthError:
            raise ClientRefused from None
        reference = fields.get("request_uri", "")
        if reference.startswith(words.PUSHED_PREFIX):
            pushed = await self._pushed(fields.get("client_id", ""), reference)
            return await self._go_on(self._with_freshness(pushed), person)

        def decide(client: Client, agreed: frozenset[str]) -> Answer | NewCode:
            bare = requests.answerable(fields, client)
            if bare is None:
                raise ClientRefused
            try:
                if client.needs_push:
                    raise OAuthError("invalid_request", "this client pushes its requests (RFC 9126)")
                return self._decide(
                    self._with_freshness(self.read_request(fields, client)), client, person, agreed
                )
            except OAuthError as refusal:
                # RFC 9700, 4.11.2: who registered itself leads nobody on before they signed in.
                if client.is_open and person is None and fields.get("prompt") != "none":
                    return AskSignIn(self._seal(bare, refusal))
                return self._refuse(bare, refusal)

        return await self._settle(fields.get("client_id", ""), person, decide)

    async def resume(self, sealed: str, person: Person | None) -> Answer:
        """Goes on with a request that waited. Raises ChallengeExpired, ClientRefused."""
        waiting = self.waiting(sealed)
        if waiting.refusal is None:
            return await self._go_on(waiting.request, person)
        if person is None:
            return AskSignIn(sealed)
        return self._refuse(waiting.request, OAuthError(*waiting.refusal))

    async def awaited_by(self, sealed: str) -> tuple[str, str] | None:
        """The client whose request waits, by its name and its site; None when none does."""
        try:
            request = self.waiting(sealed).request
        except ChallengeExpired:
            return None
        client = await self._context.database.read(lambda c: clients.client_by_id(c, request.client_id))
        return (client.name, urlsplit(request.redirect_uri).hostname or "") if client else None

    async def _go_on(self, request: AuthorizationRequest, person: Person | None) -> Answer:
        def decide(client: Client, agreed: frozenset[str]) -> Answer | NewCode:
            try:
                return self._decide(request, client, person, agreed)
            except OAuthError as refusal:
                return self._refuse(request, refusal)

        return await self._settle(request.client_id, person, decide)

    async def decide(
        self, sealed: str, person: Signed, *, allow: bool, details: Details | None = None
    ) -> Answer:
        """The person agreed or not; what they agreed to is remembered. details: as they filled
        them in (RFC 9396, 7.1)."""
        waiting = self.waiting(sealed)
        request = waiting.request if details is None else replace(waiting.request, details=tuple(details))
        if waiting.refusal is not None:
            raise ChallengeExpired

        def decide(client: Client, _agreed: frozenset[str]) -> Answer | NewCode:
            if not allow:
                return self._refuse(request, OAuthError("access_denied", "the person did not agree"))
            if not self._is_signed_in(request, person):
                return AskSignIn(self._seal(request))
            return NewCode(request=request, person=person, remember=True)

        return await self._settle(request.client_id, person, decide)

    def _decide(
        self, request: AuthorizationRequest, client: Client, person: Person | None, agreed: frozenset[str]
    ) -> Answer | NewCode:
        silent = "none" in request.prompts
        if person is None or not self._is_signed_in(request, person):
            if silent:
                raise OAuthError("login_required", "nobody is signed in")
            return AskSignIn(self._seal(request), request.locales)
        if not self._is_wanted(request, client, person, is_hint_binding=silent):
            raise OAuthError("login_required", "somebody else is signed in")
        wanted = consent_scopes(request.scopes, (*request.id_token_claims, *request.userinfo_claims))
        if set(wanted) <= agreed and not request.details and "consent" not in request.prompts:
            return NewCode(request=request, person=person, remember=False)
        if silent:
            raise OAuthError("consent_required", "the person has not agreed yet")
        return self.ask(request, client, wanted)

    def ask(
        self, request: AuthorizationRequest, client: Client, wanted: tuple[str, ...], user_code: str = ""
    ) -> AskConsent:
        kinds = self.detail_types()
        pages = {kinds[detail["type"]].page for detail in request.details}
        page = pages.pop() if len(pages) == 1 else ""
        said = tuple(kinds[detail["type"]].words(detail) for detail in request.details)
        site = urlsplit(request.redirect_uri).hostname or ""
        sealed = self._seal(request, user_code=user_code)
        return AskConsent(sealed, client, wanted, said, user_code=user_code, site=site, page=page)

    def _is_wanted(
        self, request: AuthorizationRequest, client: Client, person: Person, *, is_hint_binding: bool
    ) -> bool:
        wanted = {request.wanted_sub} - {""}
        if request.id_token_hint and is_hint_binding:
            wanted.add(str((self._keys.read(request.id_token_hint) or {}).get("sub")))
        return not wanted or wanted == {self._issuing.sub(client, person.id)}

    async def _settle(self, client_id: str, person: Signed | None, decide: Decide) -> Answer:
        """Looks up, decides and stores a code in one transaction; only to read for a visitor."""

        def work(connection: Connection) -> Answer:
            client = clients.client_by_id(connection, client_id)
            if client is None:
                raise ClientRefused
            agreed = consents.consented(connection, person.id, client_id) if person else frozenset[str]()
            decided = decide(client, agreed)
            return self._store(connection, decided) if isinstance(decided, NewCode) else decided

        database = self._context.database
        return await (database.write(work) if person and person.by_session else database.read(work))

    def _store(self, connection: Connection, new: NewCode) -> Redirect:
        """Stores the code, and gives the answer that carries it."""
        request, person, now_s = new.request, new.person, self._context.clock.now_s()
        if request.pushed and not issued.use(connection, request.pushed):
            raise ClientRefused
        if new.remember:
            wanted = consent_scopes(request.scopes, (*request.id_token_claims, *request.userinfo_claims))
            consents.consent(connection, person.id, request.client_id, wanted, now_s)
        secret = new_secret()
        row = Issued(
            hash=digest(secret),
            kind="code",
            family=digest(secret),
            client_id=request.client_id,
            person_id=person.id,
            session_id=person.session_id,
            expires_s=now_s + words.CODE_LIFE_S,
            body=encode(approved(request, person, now_s)),
        )
        issued.add(connection, row)
        address = f"identity:client/{request.client_id}"
        self._context.audit.add(connection, person.id, "identity.client.sign_in", address, request.client_id)
        return self._answer(request, {"code": secret})

    def _with_freshness(self, request: AuthorizationRequest) -> AuthorizationRequest:
        now_s = self._context.clock.now_s()
        proved_after_s = now_s if request.prompts & {"login", "select_account"} else 0.0
        if request.max_age_s is not None:
            proved_after_s = max(proved_after_s, now_s - request.max_age_s)
        return replace(request, proved_after_s=proved_after_s)

    def _is_signed_in(self, request: AuthorizationRequest, person: Signed) -> bool:
        return person.by_session and person.fresh_s >= request.proved_after_s

    def _refuse(self, request: AuthorizationRequest, refusal: OAuthError) -> Redirect:
        return self._answer(request, {"error": refusal.error, "error_description": refusal.description})

    def _answer(self, request: AuthorizationRequest, answer: Mapping[str, str]) -> Redirect:
        fields = requests.answer_fields(request, self.issuer, answer)
        return Redirect(request.redirect_uri, fields, request.response_mode)

    def _seal(
        self, request: AuthorizationRequest, refusal: OAuthError | None = None, user_code: str = ""
    ) -> str:
        waiting = Waiting(
            request=request,
            expires_s=self._context.clock.now_s() + words.WAITING_LIFE_S,
            refusal=(refusal.error, refusal.description) if refusal else None,
            user_code=user_code,
        )
        return seal(self._context, waiting, "authorization")

    def waiting(self, sealed: str) -> Waiting:
        """A request that waits. Raises ChallengeExpired."""
        waiting = unseal(self._context, sealed, "authorization", Waiting)
        if self._context.clock.now_s() >= waiting.expires_s:
            raise ChallengeExpired
        return waiting

    # Pushed requests (RFC 9126)

    async def push(self, asked: Asked) -> dict[str, Any]:
        """Keeps a client's request and gives the name it goes by. Raises OAuthError."""
        if "request_uri" in asked.fields:
            raise OAuthError("invalid_request", "request_uri cannot be pushed")
        shown = await self._authentication.look(asked)
        secret, now_s = new_secret(), self._context.clock.now_s()

        def work(connection: Connection) -> None:
            client = self._authentication.admit(connection, shown)
            try:
                request = self.read_request(asked.fields, client)
            except ClientRefused:
                raise OAuthError("invalid_request", "redirect_uri is not one of the client's") from None
            if request.jkt and shown.jkt and request.jkt != shown.jkt:
                raise OAuthError("invalid_dpop_proof", "dpop_jkt names another key")
            hashed = digest(secret)
            request = replace(request, jkt=request.jkt or shown.jkt, pushed=hashed)
            row = Issued(
                hash=hashed,
                kind="pushed",
                client_id=client.id,
                # It is kept as long as the request may wait, so that it cannot be answered twice.
                expires_s=now_s + words.PUSHED_LIFE_S + 2 * words.WAITING_LIFE_S,
                body=encode(Pushed(request=request, begins_s=now_s + words.PUSHED_LIFE_S)),
            )
            issued.add(connection, row)

        await self._context.database.write(work)
        return {"request_uri": f"{words.PUSHED_PREFIX}{secret}", "expires_in": words.PUSHED_LIFE_S}

    async def _pushed(self, client_id: str, reference: str) -> AuthorizationRequest:
        """Raises ClientRefused for one that is unknown, used, too old, or another client's."""
        hashed = digest(reference.removeprefix(words.PUSHED_PREFIX))
        row = await self._context.database.read(lambda c: issued.find(c, "pushed", hashed))
        if row is None or row.is_used or row.client_id != client_id:
            raise ClientRefused
        pushed = msgspec.json.decode(row.body, type=Pushed)
        if self._context.clock.now_s() >= pushed.begins_s:
            raise ClientRefused
        return pushed.request


def approved(request: AuthorizationRequest, person: Signed, now_s: float) -> Approval:
    return Approval(
        scopes=request.scopes,
        auth_time_s=person.fresh_s,
        began_s=now_s,
        redirect_uri=request.redirect_uri,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        id_token_claims=request.id_token_claims,
        userinfo_claims=request.userinfo_claims,
        details=request.details,
        audience=request.resources,
        jkt=request.jkt,
    )
