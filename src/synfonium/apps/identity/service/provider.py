"""The OpenID Provider: authorization code with PKCE (OpenID Connect Core 1.0, section 3.1).

No step hashes slowly or takes more than one transaction; authorization requests
that wait for a person travel sealed with the browser and are not stored.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.errors import ChallengeExpired, ClientRefused
from synfonium.apps.identity.model import oidc
from synfonium.apps.identity.model.oidc import AuthorizationRequest, Client, Code, OAuthError, TokenRequest
from synfonium.apps.identity.model.people import ACCESS_PREFIX, Account, digest, new_secret
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.signing import SigningKeys
from synfonium.apps.identity.store import provider as store
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

WAITING_LIFE_S = 3600


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization request that waits for a person to sign in or to agree."""

    request: AuthorizationRequest
    expires_s: float


class Redirect(msgspec.Struct, frozen=True):
    """The answer goes to the client at `url`."""

    url: str


class AskSignIn(msgspec.Struct, frozen=True):
    """The person has to sign in, then to come back with `sealed`."""

    sealed: str


class AskConsent(msgspec.Struct, frozen=True):
    """The person has to agree that `client` gets `scopes`."""

    sealed: str
    client: Client
    scopes: tuple[str, ...]


Answer = Redirect | AskSignIn | AskConsent


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code about to be stored; `remember` keeps the consent with it."""

    secret: str
    code: Code
    request: AuthorizationRequest
    remember: bool


Decide = Callable[[Client, frozenset[str]], Answer | NewCode]


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749, section 5.1."""

    access_token: str
    id_token: str
    scope: str
    token_type: str = "Bearer"
    expires_in: int = oidc.ACCESS_LIFE_S


class Provider:
    """Answers clients about people who agree to it."""

    def __init__(self, context: Context, keys: SigningKeys) -> None:
        self._context, self._keys = context, keys
        self._pairwise_key = context.secrets.derive("identity.pairwise")

    @property
    def issuer(self) -> str:
        return self._context.site.public_url

    def discovery(self) -> dict[str, object]:
        return oidc.discovery(self.issuer)

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        return self._keys.jwks()

    # Authorization endpoint

    async def authorize(self, pairs: Sequence[tuple[str, str]], person: Person | None) -> Answer:
        """What to do about an authorization request. Raises ClientRefused."""
        try:
            fields = oidc.request_fields(pairs)
        except OAuthError:
            raise ClientRefused from None

        def decide(client: Client, agreed: frozenset[str]) -> Answer | NewCode:
            bare = oidc.answerable(fields, client)
            if bare is None:
                raise ClientRefused
            try:
                return self._decide(self._with_freshness(oidc.complete(bare, fields)), client, person, agreed)
            except OAuthError as refusal:
                return self._refuse(bare, refusal)

        return await self._settle(fields.get("client_id", ""), person, decide)

    async def resume(self, sealed: str, person: Person | None) -> Answer:
        """Goes on with a request that waited. Raises ChallengeExpired, ClientRefused."""
        request = self._open(sealed)

        def decide(client: Client, agreed: frozenset[str]) -> Answer | NewCode:
            return self._decide(request, client, person, agreed)

        return await self._settle(request.client_id, person, decide)

    async def decide(self, sealed: str, person: Person, *, allow: bool) -> Answer:
        """The person agreed or not; what they agreed to is remembered."""
        request = self._open(sealed)

        def decide(client: Client, _agreed: frozenset[str]) -> Answer | NewCode:
            if not allow:
                return self._refuse(request, OAuthError("access_denied", "the person did not agree"))
            if not self._is_signed_in(request, person):
                return AskSignIn(self._seal(request))
            return self._new_code(request, client, person, remember=True)

        return await self._settle(request.client_id, person, decide)

    def _decide(
        self, request: AuthorizationRequest, client: Client, person: Person | None, agreed: frozenset[str]
    ) -> Answer | NewCode:
        silent = "none" in request.prompts
        if person is None or not self._is_signed_in(request, person):
            if silent:
                raise OAuthError("login_required", "nobody is signed in")
            return AskSignIn(self._seal(request))
        if silent and not self._is_hinted(request, client, person):
            raise OAuthError("login_required", "somebody else is signed in")
        if set(request.scopes) <= agreed and "consent" not in request.prompts:
            return self._new_code(request, client, person, remember=False)
        if silent:
            raise OAuthError("consent_required", "the person has not agreed yet")
        return AskConsent(self._seal(request), client, request.scopes)

    def _is_hinted(self, request: AuthorizationRequest, client: Client, person: Person) -> bool:
        hint = request.id_token_hint
        return not hint or self._keys.subject(hint) == self._sub(client, person.id)

    async def _settle(self, client_id: str, person: Person | None, decide: Decide) -> Answer:
        """Looks up, decides and stores a code in one transaction; only to read for a visitor."""

        def work(connection: Connection) -> Answer | NewCode:
            client = store.client_by_id(connection, client_id)
            if client is None:
                raise ClientRefused
            agreed = store.consented(connection, person.id, client_id) if person else frozenset[str]()
            decided = decide(client, agreed)
            if isinstance(decided, NewCode):
                self._store(connection, decided)
            return decided

        database = self._context.database
        decided = await (database.write(work) if person and person.by_session else database.read(work))
        if isinstance(decided, NewCode):
            return Redirect(oidc.answer_url(decided.request, self.issuer, {"code": decided.secret}))
        return decided

    def _store(self, connection: Connection, new: NewCode) -> None:
        code = new.code
        if new.remember:
            store.consent(
                connection, code.person_id, code.client_id, code.scopes, self._context.clock.now_s()
            )
        store.add_code(connection, digest(new.secret), code)
        address = f"identity:client/{code.client_id}"
        self._context.audit.add(
            connection, code.person_id, "identity.client.sign_in", address, code.client_id
        )

    def _with_freshness(self, request: AuthorizationRequest) -> AuthorizationRequest:
        now_s = self._context.clock.now_s()
        proved_after_s = now_s if request.prompts & {"login", "select_account"} else 0.0
        if request.max_age_s is not None:
            proved_after_s = max(proved_after_s, now_s - request.max_age_s)
        return msgspec.structs.replace(request, proved_after_s=proved_after_s)

    def _is_signed_in(self, request: AuthorizationRequest, person: Person) -> bool:
        return person.by_session and person.fresh_s >= request.proved_after_s

    def _new_code(
        self, request: AuthorizationRequest, client: Client, person: Person, *, remember: bool
    ) -> NewCode:
        code = Code(
            client_id=client.id,
            person_id=person.id,
            redirect_uri=request.redirect_uri,
            scopes=request.scopes,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            auth_time_s=person.fresh_s,
            expires_s=self._context.clock.now_s() + oidc.CODE_LIFE_S,
        )
        return NewCode(secret=new_secret(), code=code, request=request, remember=remember)

    def _refuse(self, request: AuthorizationRequest, refusal: OAuthError) -> Redirect:
        answer = {"error": refusal.error, "error_description": refusal.description}
        return Redirect(oidc.answer_url(request, self.issuer, answer))

    def _seal(self, request: AuthorizationRequest) -> str:
        expires_s = self._context.clock.now_s() + WAITING_LIFE_S
        return seal(self._context, Waiting(request=request, expires_s=expires_s), "authorization")

    def _open(self, sealed: str) -> AuthorizationRequest:
        waiting = unseal(self._context, sealed, "authorization", Waiting)
        if self._context.clock.now_s() >= waiting.expires_s:
            raise ChallengeExpired
        return waiting.request

    # Token and userinfo endpoints

    async def token(self, pairs: Sequence[tuple[str, str]], authorization: str) -> TokenAnswer:
        """Exchanges a code, once. Raises OAuthError in the words of RFC 6749, 5.2."""
        request = oidc.parse_token_request(oidc.request_fields(pairs), authorization)
        access_token, now_s = new_secret(ACCESS_PREFIX), self._context.clock.now_s()

        def work(connection: Connection) -> tuple[Code, Client, Account] | OAuthError:
            # A refusal is returned, not raised: revoking after a replay must be kept.
            client = store.client_by_id(connection, request.client_id)
            if client is None or not _is_authentic(client, request):
                return OAuthError("invalid_client", "the client is unknown or its secret is wrong")
            found = store.code_by_hash(connection, digest(request.code))
            if found is None or not _fits(found[0], request, now_s) or found[1].is_suspended:
                return OAuthError("invalid_grant", "the code is not valid here")
            code_hash = digest(request.code)
            if not store.use_code(connection, code_hash):
                store.revoke_accesses(connection, code_hash)
                return OAuthError("invalid_grant", "the code was used before; what it gave is revoked")
            expires_s = now_s + oidc.ACCESS_LIFE_S
            store.add_access(connection, digest(access_token), code_hash, found[0], expires_s)
            return found[0], client, found[1]

        outcome = await self._context.database.write(work)
        if isinstance(outcome, OAuthError):
            raise outcome
        code, client, account = outcome
        return TokenAnswer(
            access_token=access_token,
            id_token=self._id_token(code, client, account, access_token, now_s),
            scope=" ".join(code.scopes),
        )

    def _id_token(self, code: Code, client: Client, account: Account, access_token: str, now_s: float) -> str:
        claims: dict[str, str | int] = {
            "iss": self.issuer,
            "sub": self._sub(client, account.id),
            "aud": client.id,
            "iat": int(now_s),
            "exp": int(now_s) + oidc.ID_TOKEN_LIFE_S,
            "auth_time": int(code.auth_time_s),
            "at_hash": oidc.at_hash(access_token),
        }
        return self._keys.sign(claims | ({"nonce": code.nonce} if code.nonce else {}))

    async def userinfo(self, access_token: str) -> Mapping[str, str]:
        """The claims of Core 1.0, section 5.3. Raises OAuthError invalid_token."""
        now_s = self._context.clock.now_s()
        found = None
        if access_token.startswith(ACCESS_PREFIX):
            hashed = digest(access_token)
            found = await self._context.database.read(lambda c: store.access_by_hash(c, hashed, now_s))
        if found is None or found[0].is_suspended:
            raise OAuthError("invalid_token", "the access token is wrong, expired or revoked")
        account, client, scopes = found
        return oidc.userinfo_claims(account, scopes, self._sub(client, account.id))

    def _sub(self, client: Client, person_id: PersonId) -> str:
        return oidc.pairwise_sub(self._pairwise_key, client.sector, person_id)


def _is_authentic(client: Client, request: TokenRequest) -> bool:
    """A confidential client gives its secret, a public one gives none."""
    if not client.secret_hash:
        return not request.client_secret
    return hmac.compare_digest(client.secret_hash, digest(request.client_secret))


def _fits(code: Code, request: TokenRequest, now_s: float) -> bool:
    # A used code fits still, so that its replay is told from a wrong one.
    is_alive = now_s < code.expires_s or code.is_used
    is_same = code.client_id == request.client_id and code.redirect_uri == request.redirect_uri
    return is_alive and is_same and oidc.verifier_matches(code.code_challenge, request.code_verifier)
