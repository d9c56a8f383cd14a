"""Speaking LDAP: TLS always and verified, search then bind, few at a time, never waiting long."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from synfonium.apps.identity.model.directory import (
    Entry,
    filter_for_groups,
    filter_for_name,
    filter_for_subject,
    is_disabled,
    said_by_entry,
)
from synfonium.apps.identity.model.outside import MOST_GROUPS, DirectorySettings, Said

if TYPE_CHECKING:
    import ldap3

CONNECT_S = 5
ANSWER_S = 5
_OPERATIONAL = ("userAccountControl",)


class DirectoryFailed(Exception):
    """The directory cannot be asked; `reason` in one word of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ldap:
    """One directory. Every method blocks: it is called in a thread."""

    def __init__(self, settings: DirectorySettings, secret: str, issuer: str) -> None:
        self._settings, self._secret, self._issuer = settings, secret, issuer

    def check(self) -> None:
        """Reads the base as who reads it. Raises DirectoryFailed."""
        with self._reading() as connection:
            self._search(connection, self._settings.base, "(objectClass=*)", ["objectClass"], scope="BASE")

    def authenticate(self, *, name: str = "", subject: str = "", password: str) -> Said | None:
        """Who is called `name`, or has the identifier `subject`, if that is their password.

        None when not; the directory is then asked the same, in the same order, whether it knows
        the name or not, so that nobody learns from the time it takes. Raises DirectoryFailed.
        """
        # An empty password would be an unauthenticated bind, which succeeds (RFC 4513, 5.1.2).
        if not password or "\0" in password:
            return None
        found = self.look(name=name, subject=subject)
        dn, said, tried = (
            (found[0].dn, found[1], password) if found else (self._nobody().dn, None, _made_up())
        )
        with self._connection(dn, tried) as connection:
            return said if self._bound(connection) else None

    def ask_nobody(self) -> None:
        """Asks as much as `authenticate`, about nobody: for an account that is not of this
        directory, which must hear neither its name nor its password. Raises DirectoryFailed."""
        self.authenticate(name=_made_up(), password=_made_up())

    def look(self, *, name: str = "", subject: str = "") -> tuple[Entry, Said] | None:
        """The one entry that counts; None when there is none, several, or it is disabled."""
        wanted = (
            filter_for_subject(self._settings, subject) if subject else filter_for_name(self._settings, name)
        )
        with self._reading() as connection:
            found = self._search(connection, self._settings.base, wanted, self._attributes())
            entry = found[0] if len(found) == 1 and not is_disabled(found[0]) else None
            groups = self._groups(connection, entry or self._nobody()) if self._settings.group_base else None
        if entry is None:
            return None
        try:
            return entry, said_by_entry(self._settings, self._issuer, entry, groups)
        except ValueError:
            return None

    def _nobody(self) -> Entry:
        settings = self._settings
        return Entry(dn=f"{settings.name_attribute}={_made_up()},{settings.base}", attributes={})

    def _attributes(self) -> list[str]:
        settings = self._settings
        wanted = (
            settings.name_attribute,
            settings.display_attribute,
            settings.email_attribute,
            settings.id_attribute,
            settings.group_attribute,
        )
        return [*dict.fromkeys(name for name in wanted if name), *_OPERATIONAL]

    def _groups(self, connection: "ldap3.Connection", entry: Entry) -> list[str]:
        name = entry.text(self._settings.name_attribute)
        wanted, base = filter_for_groups(entry, name), self._settings.group_base
        found = self._search(connection, base, wanted, ["cn"], most=MOST_GROUPS)
        return [group.text("cn") for group in found]

    def _search(
        self,
        connection: "ldap3.Connection",
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: str = "SUBTREE",
        most: int = 2,
    ) -> list[Entry]:
        connection.search(
            base, wanted, scope, attributes=list(attributes), size_limit=most, time_limit=ANSWER_S
        )
        if connection.result["result"] not in (0, 4):  # success, sizeLimitExceeded
            raise DirectoryFailed("search")
        return [_entry(one) for one in connection.response[:most] if one.get("type") == "searchResEntry"]

    @contextmanager
    def _reading(self) -> Iterator["ldap3.Connection"]:
        with self._connection(self._settings.bind_dn, self._secret) as connection:
            if self._settings.bind_dn and not self._secret:
                raise DirectoryFailed("reader")
            if not self._bound(connection):
                raise DirectoryFailed("reader")
            yield connection

    def _bound(self, connection: "ldap3.Connection") -> bool:
        return bool(connection.bind()) and connection.result["result"] == 0

    @contextmanager
    def _connection(self, dn: str, password: str) -> Iterator["ldap3.Connection"]:
        """A connection inside TLS, not bound yet. Raises DirectoryFailed for whatever goes wrong."""
        import ldap3
        from ldap3.core.exceptions import LDAPException

        settings = self._settings
        server = ldap3.Server(
            settings.host,
            settings.port,
            use_ssl=settings.security == "ldaps",
            tls=_verified_tls(settings),
            get_info=ldap3.NONE,
            connect_timeout=CONNECT_S,
            allowed_referral_hosts=[],
        )
        connection = ldap3.Connection(
            server,
            dn or None,
            password or None,
            authentication=ldap3.SIMPLE if dn else ldap3.ANONYMOUS,
            auto_referrals=False,
            read_only=True,
            check_names=False,
            receive_timeout=ANSWER_S,
        )
        try:
            connection.open(read_server_info=False)
            if settings.security == "starttls":
                connection.start_tls(read_server_info=False)
            yield connection
        except LDAPException as failure:
            raise DirectoryFailed(_reason(failure)) from None
        except (OSError, ValueError) as failure:
            raise DirectoryFailed(type(failure).__name__) from None
        finally:
            _close(connection)


def _made_up() -> str:
    return token_urlsafe(12)


def _close(connection: "ldap3.Connection") -> None:
    from ldap3.core.exceptions import LDAPException

    try:
        connection.unbind()
    except (LDAPException, OSError):
        return


def _reason(failure: Exception) -> str:
    """The library's own word, which quotes nothing."""
    return type(failure).__name__


def _entry(found: dict[str, Any]) -> Entry:
    raw = {name.lower(): list(values) for name, values in dict(found["raw_attributes"]).items()}
    return Entry(dn=found["dn"], attributes=raw)


def _verified_tls(settings: DirectorySettings) -> "ldap3.Tls":
    """The library checks a certificate's name by rules of its own; OpenSSL's are used instead."""
    import ldap3

    class Verified(ldap3.Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            context = ssl.create_default_context(cadata=settings.ca or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            connection.socket = context.wrap_socket(connection.socket, server_hostname=settings.host)

    return Verified(validate=ssl.CERT_REQUIRED)
