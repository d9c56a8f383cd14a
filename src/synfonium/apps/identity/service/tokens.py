"""App tokens: credentials for programs, shown once, kept as one fast hash."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from synfonium.apps.identity.contract import TokenScopes, person_address
from synfonium.apps.identity.model.people import (
    LABEL_LENGTH,
    TOKEN_PREFIX,
    AppToken,
    digest,
    new_secret,
    parse_line,
)
from synfonium.apps.identity.store import credentials
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Conflict, NotFound
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MOST_TOKENS = 100
FORM_LIFE_S = 86_400


def known_scopes() -> dict[str, str]:
    """Every scope that an installed app declares, to its meaning in plain words."""
    return {scope: meaning for app in installed_apps() for scope, meaning in app.scopes.items()}


def checked_label(text: str) -> str:
    """Raises BadInput."""
    try:
        return parse_line(text, LABEL_LENGTH)
    except ValueError:
        raise BadInput("label", _("A label is one line of 1 to 60 characters.")) from None


def plain_label(text: str, otherwise: str) -> str:
    """What a program calls itself, as far as it can stand as a label: on one line, cut to what fits."""
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())[:LABEL_LENGTH].strip()
    try:
        return parse_line(line, LABEL_LENGTH)
    except ValueError:
        return otherwise


class AppPasswordsHere:
    """`contract.AppPasswords`."""

    def __init__(self, tokens: "Tokens") -> None:
        self._tokens = tokens

    async def make(self, person: PersonId, label: str, scopes: Sequence[str]) -> str:
        return await self._tokens.add(
            person, plain_label(label, "app"), scopes, days=None, by=person, administers=False
        )

    async def revoke(self, person: PersonId, secret: str) -> None:
        await self._tokens.revoke(person, await self._tokens.id_of(person, secret))


class Tokens:
    """Makes, lists and revokes app tokens."""

    def __init__(self, context: Context, forget: Callable[[], None]) -> None:
        self._context, self._forget = context, forget

    async def add(
        self,
        person_id: PersonId,
        label: str,
        scopes: Iterable[str],
        *,
        days: int | None,
        by: PersonId,
        administers: bool,
        form: str = "",
    ) -> str:
        """The token's secret, which is never shown again. No scope: all that the person may do.

        Raises BadInput for an unknown scope or a label that is not one plain line, Conflict
        for a second submit of the same `form`.
        """
        now_s = self._context.clock.now_s()
        token = AppToken(
            id=new_id(now_s),
            person_id=person_id,
            label=checked_label(label),
            scopes=await self._checked(scopes),
            created_s=now_s,
            last_used_s=None,
            expires_s=None if days is None else now_s + days * 86_400,
            administers=administers,
        )
        secret = new_secret(TOKEN_PREFIX)

        def work(connection: Connection) -> None:
            if form and not credentials.spend(connection, digest(form), now_s + FORM_LIFE_S):
                raise Conflict
            if len(credentials.tokens_of(connection, person_id)) >= MOST_TOKENS:
                raise Conflict
            credentials.add_token(connection, token, digest(secret))
            self._context.audit.add(connection, by, "identity.token.add", f"identity:token/{token.id}")
            if by != person_id:
                # So that the person sees it on their own page.
                self._context.audit.add(connection, by, "identity.person.token", person_address(person_id))

        await self._context.database.write(work)
        return secret

    async def of(self, person_id: PersonId) -> Sequence[AppToken]:
        return await self._context.database.read(lambda c: credentials.tokens_of(c, person_id))

    async def rename(self, person_id: PersonId, token_id: str, label: str) -> None:
        """Raises BadInput, NotFound."""
        wanted = checked_label(label)
        if not await self._context.database.write(
            lambda c: credentials.rename_token(c, person_id, token_id, wanted)
        ):
            raise NotFound

    async def revoke(self, person_id: PersonId, token_id: str) -> None:
        """Raises NotFound for a token that is not this person's."""

        def work(connection: Connection) -> None:
            if not credentials.remove_token(connection, person_id, token_id):
                raise NotFound
            self._context.audit.add(
                connection, person_id, "identity.token.revoke", f"identity:token/{token_id}"
            )

        await self._context.database.write(work)
        self._forget()

    async def id_of(self, person_id: PersonId, secret: str) -> str:
        """Raises NotFound for what is no token of this person's."""
        hashed = digest(secret)
        found = await self._context.database.read(lambda c: credentials.token_by_hash(c, hashed))
        if found is None or found[0].person_id != person_id:
            raise NotFound
        return found[0].id

    async def opened(self, locale: str = "") -> Mapping[str, str]:
        """Scopes of what was added here, to its name."""
        offers = self._context.offers(TokenScopes)  # type: ignore[type-abstract]
        return {scope: name for offer in offers for scope, name in (await offer.names(locale)).items()}

    async def _checked(self, scopes: Iterable[str]) -> tuple[str, ...]:
        wanted = sorted(set(scopes))
        known = {**known_scopes(), **await self.opened()} if wanted else {}
        if any(scope not in known for scope in wanted):
            raise BadInput("scope", _("A scope is one that an app declares, such as drive.read."))
        return tuple(wanted)


def app_passwords(context: Context) -> AppPasswordsHere:
    return AppPasswordsHere(context.service.tokens)
