"""Tokens by which an organisation's directory keeps its people in step, by SCIM."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.identity.errors import OrganisationClosed, TooMany
from synfonium.apps.identity.model.organisations import (
    MOST_SCIM_TOKENS,
    RANKS,
    SCIM_TOKEN_PREFIX,
    ScimToken,
)
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.tokens import checked_label
from synfonium.apps.identity.store import organisations as store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Forbidden, NotFound, SignInNeeded
from synfonium.kernel.context import Context

COARSE_S = 300
LONGEST_SECRET = 200


class Directories:
    """Makes, lists, revokes and recognises them. A directory acts as an owner would."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def add(self, authority: Authority, label: str) -> str:
        """The token's secret, shown once. Raises BadInput, Forbidden, TooMany."""
        _need_owner(authority)
        now_s, secret = self._context.clock.now_s(), new_secret(SCIM_TOKEN_PREFIX)
        organisation_id = authority.organisation.id
        token = ScimToken(
            id=new_id(now_s), organisation=organisation_id, label=checked_label(label), created_s=now_s
        )

        def work(connection: Connection) -> None:
            if len(store.scim_tokens_of(connection, organisation_id)) >= MOST_SCIM_TOKENS:
                raise TooMany
            store.add_scim_token(connection, token, digest(secret))
            self._audit(connection, authority, "add", token.id)

        await self._context.database.write(work)
        return secret

    async def of(self, authority: Authority) -> Sequence[ScimToken]:
        organisation_id = authority.organisation.id
        return await self._context.database.read(lambda c: store.scim_tokens_of(c, organisation_id))

    async def revoke(self, authority: Authority, token_id: str) -> None:
        """Raises Forbidden, NotFound."""
        _need_owner(authority)

        def work(connection: Connection) -> None:
            if not store.remove_scim_token(connection, authority.organisation.id, token_id):
                raise NotFound
            self._audit(connection, authority, "revoke", token_id)

        await self._context.database.write(work)

    async def authority(self, slug: str, secret: str) -> Authority:
        """What the directory with this token may do in the organisation `slug`.

        Raises SignInNeeded for a token that is wrong or another organisation's, and
        OrganisationClosed.
        """
        if not secret.startswith(SCIM_TOKEN_PREFIX) or len(secret) > LONGEST_SECRET:
            raise SignInNeeded
        token, authority = await self._context.database.read(lambda c: _recognised(c, slug, digest(secret)))
        if authority.organisation.is_suspended:
            raise OrganisationClosed
        now_s = self._context.clock.now_s()
        if now_s - (token.last_used_s or 0.0) >= COARSE_S:
            await self._context.database.write(lambda c: store.use_scim_token(c, token.id, now_s))
        return authority

    def _audit(self, connection: Connection, authority: Authority, act: str, token_id: str) -> None:
        subject = f"identity:directory/{token_id}"
        self._context.audit.add(connection, authority.by, f"identity.directory.{act}", subject)


def _recognised(connection: Connection, slug: str, hashed: str) -> tuple[ScimToken, Authority]:
    token = store.scim_token_by_hash(connection, hashed)
    organisation = store.organisation_by_id(connection, token.organisation) if token else None
    if token is None or organisation is None or organisation.slug != slug:
        raise SignInNeeded
    by = PersonId(token.id)
    return token, Authority(organisation=organisation, by=by, rank=RANKS["owner"])


def _need_owner(authority: Authority) -> None:
    if authority.rank < RANKS["owner"]:
        raise Forbidden
