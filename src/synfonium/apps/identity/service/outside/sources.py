"""The sources that an administrator has set up."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec

import msgspec
from joserfc.jwk import ECKey
from sqlalchemy import Connection

from synfonium.apps.identity.errors import SourceNameTaken, SourceUnknown
from synfonium.apps.identity.model.directory import parse_attribute, parse_filter, parse_host
from synfonium.apps.identity.model.outside import (
    Binding,
    DirectorySettings,
    OpenIdSettings,
    Source,
    parse_domains,
    parse_issuer,
    parse_source_id,
)
from synfonium.apps.identity.model.people import LABEL_LENGTH, parse_line
from synfonium.apps.identity.store import organisations
from synfonium.apps.identity.store import outside as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MOST_SOURCES = 50
SECRET_LENGTH = 2000
_PURPOSE = "identity.outside"


class Sources:
    """Adds, lists, opens, closes and removes; secrets are kept sealed."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def all(self) -> Sequence[Source]:
        return await self._context.database.read(store.all_sources)

    async def buttons(self) -> Sequence[Source]:
        """What the sign-in page shows: the open providers. Directories share the password form."""
        return [source for source in await self.all() if source.is_open and source.kind == "oidc"]

    async def links_of(self, person_id: PersonId) -> tuple[Sequence[Source], Mapping[str, Binding]]:
        """The open providers and those a person is linked to, and the person's link to each by id."""

        def look(connection: Connection) -> tuple[Sequence[Source], Mapping[str, Binding]]:
            mine = {binding.source: binding for binding in store.bindings_of(connection, person_id)}
            known = store.all_sources(connection)
            return [s for s in known if s.id in mine or (s.is_open and s.kind == "oidc")], mine

        return await self._context.database.read(look)

    async def get(self, source_id: str) -> Source:
        """Raises SourceUnknown."""
        found = await self._context.database.read(lambda c: store.source_by_id(c, source_id))
        if found is None:
            raise SourceUnknown
        return found

    async def opened(self, source_id: str) -> Source:
        """Raises SourceUnknown, also for one that is closed."""
        source = await self.get(source_id)
        if not source.is_open:
            raise SourceUnknown
        return source

    async def add(
        self,
        source_id: str,
        label: str,
        settings: OpenIdSettings | DirectorySettings,
        secret: str,
        *,
        by: PersonId,
    ) -> Source:
        """Raises BadInput, SourceNameTaken."""
        source = Source(
            id=_checked(parse_source_id, source_id, "id", _ID_RULE),
            label=_checked(lambda text: parse_line(text, LABEL_LENGTH), label, "label", _LABEL_RULE),
            settings=checked_settings(settings),
            secret=self._sealed(source_id, settings, secret),
            created_s=self._context.clock.now_s(),
        )

        def work(connection: Connection) -> None:
            known = store.all_sources(connection)
            slug = source.settings.organisation
            if slug and organisations.organisation_by_slug(connection, slug) is None:
                raise BadInput("organisation", _("No organisation here has this address."))
            if len(known) >= MOST_SOURCES:
                raise BadInput("id", _("There are too many already."))
            if any(one.id == source.id for one in known):
                raise SourceNameTaken
            store.add_source(connection, source)
            self._audit(connection, by, "identity.outside.add", source.id)

        await self._context.database.write(work)
        return source

    async def set_open(self, source_id: str, is_open: bool, *, by: PersonId) -> None:
        """Raises SourceUnknown."""

        def work(connection: Connection) -> None:
            source = store.source_by_id(connection, source_id)
            if source is None:
                raise SourceUnknown
            store.change_source(connection, msgspec.structs.replace(source, is_open=is_open))
            act = "open" if is_open else "close"
            self._audit(connection, by, f"identity.outside.{act}", source_id)

        await self._context.database.write(work)

    async def remove(self, source_id: str, *, by: PersonId) -> None:
        """With all links to it; the accounts stay. Raises SourceUnknown."""

        def work(connection: Connection) -> None:
            if not store.remove_source(connection, source_id):
                raise SourceUnknown
            self._audit(connection, by, "identity.outside.remove", source_id)

        await self._context.database.write(work)

    def secret_of(self, source: Source) -> str:
        """The opened secret, empty for none."""
        if not source.secret:
            return ""
        return self._context.secrets.open(source.secret, purpose=f"{_PURPOSE}.{source.id}").decode()

    def public_key(self, source: Source) -> ECKey:
        """Of a client that authenticates by `private_key_jwt`. Raises SourceUnknown for others."""
        settings = source.settings
        if not isinstance(settings, OpenIdSettings) or settings.authentication != "private_key_jwt":
            raise SourceUnknown
        return ECKey.import_key(msgspec.json.decode(self.secret_of(source)))

    def return_address(self, source_id: str) -> str:
        """`redirect_uri` of a source: its own, so that an answer cannot be taken for another's."""
        return f"{self._context.site.public_url}/signin/with/{source_id}/callback"

    def _sealed(self, source_id: str, settings: OpenIdSettings | DirectorySettings, secret: str) -> bytes:
        if isinstance(settings, OpenIdSettings) and settings.authentication == "private_key_jwt":
            secret = _new_key()
        if len(secret) > SECRET_LENGTH:
            raise BadInput("secret", _("This secret is too long."))
        if not secret:
            return b""
        return self._context.secrets.seal(secret.encode(), purpose=f"{_PURPOSE}.{source_id}")

    def _audit(self, connection: Connection, by: PersonId, act: str, source_id: str) -> None:
        self._context.audit.add(connection, by, act, f"identity:outside/{source_id}")


_ID_RULE = _("1 to 32 small letters, digits and hyphens.")
_LABEL_RULE = _("What the button says is one line of 1 to 60 characters.")
_ISSUER_RULE = _("The issuer is an https address, exactly as the provider writes it.")


def _new_key() -> str:
    key = ECKey.generate_key("P-256", private=True)
    private = {**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    return msgspec.json.encode(private).decode()


def _checked(parse: Callable[[str], str], text: str, field: str, rule: str) -> str:
    try:
        return parse(text.strip())
    except ValueError:
        raise BadInput(field, rule) from None


def checked_settings(
    settings: OpenIdSettings | DirectorySettings,
) -> OpenIdSettings | DirectorySettings:
    """Settings that can be used. Raises BadInput."""
    if not 1 <= settings.session_days <= 365:
        raise BadInput("session_days", _("Between 1 and 365 days."))
    if isinstance(settings, DirectorySettings):
        return _checked_directory(settings)
    issuer = _checked(
        lambda t: parse_issuer(t, is_local=settings.is_local), settings.issuer, "issuer", _ISSUER_RULE
    )
    try:
        domains = parse_domains(settings.domains)
    except ValueError:
        raise BadInput("domains", _("Domains such as school.example, without @.")) from None
    if settings.newcomers == "domains" and not domains:
        raise BadInput("domains", _("Name at least one domain."))
    if not settings.client_id.strip() or len(settings.client_id) > 500:
        raise BadInput("client_id", _("The provider gave you this identifier."))
    scopes = tuple(dict.fromkeys(("openid", *settings.scopes)))
    return msgspec.structs.replace(
        settings, issuer=issuer, domains=domains, client_id=settings.client_id.strip(), scopes=scopes
    )


def _checked_directory(settings: DirectorySettings) -> DirectorySettings:
    if find_spec("ldap3") is None:
        raise BadInput("host", _("The part that speaks with directories is not installed: synfonium[ldap]."))
    host = _checked(parse_host, settings.host, "host", _("The server's name, without ldap:// and port."))
    if not 1 <= settings.port <= 65535:
        raise BadInput("port", _("Between 1 and 65535."))
    if not settings.base.strip() or len(settings.base) > 500:
        raise BadInput("base", _("Where people are searched, such as ou=people,dc=school,dc=example."))
    wanted = _checked(
        parse_filter, settings.filter, "filter", _("A filter in parentheses, as (objectClass=person).")
    )
    for name in ("name", "display", "email", "id", "group"):
        field = f"{name}_attribute"
        _checked(parse_attribute, getattr(settings, field), field, _("The name of an attribute."))
    try:
        ssl.create_default_context(cadata=settings.ca or None)
    except (ssl.SSLError, ValueError):
        raise BadInput("ca", _("This is no certificate in PEM.")) from None
    return msgspec.structs.replace(settings, host=host, filter=wanted, base=settings.base.strip())
