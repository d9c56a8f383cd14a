"""Signing in by somebody else's word: sources, what they say of a person, and the rules for it.

A source is an outside OpenID Provider or a directory (LDAP). What it says of a person is a
Said; a person is bound to it by its issuer and subject, never by name or e-mail alone.
"""

import re
import unicodedata
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.identity.model.people import DISPLAY_LENGTH, parse_line, parse_name
from synfonium.common.ids import PersonId

CLOCK_SKEW_S = 60
OLDEST_TOKEN_S = 600
SUBJECT_LENGTH = 255
MOST_GROUPS = 100
GROUP_LENGTH = 200
_SOURCE_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")

Newcomers = Literal["linked", "domains", "anyone"]
ClientAuthentication = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
Security = Literal["starttls", "ldaps"]


class OpenIdSettings(msgspec.Struct, frozen=True, kw_only=True, tag="oidc"):
    """An outside OpenID Provider. newcomers: who gets an account at their first sign-in:
    nobody (linked), people with a verified address at one of `domains`, anyone.
    is_local: it may live at a private or loopback address. organisation: the slug of the one whose
    members they become, and whose groups follow those named there; empty for none."""

    issuer: str
    client_id: str
    authentication: ClientAuthentication = "client_secret_basic"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    newcomers: Newcomers = "linked"
    domains: tuple[str, ...] = ()
    name_claim: str = "preferred_username"
    display_claim: str = "name"
    email_claim: str = "email"
    groups_claim: str = "groups"
    is_local: bool = False
    organisation: str = ""
    session_days: int = 7


class DirectorySettings(msgspec.Struct, frozen=True, kw_only=True, tag="ldap"):
    """A directory. `base` is searched by `name_attribute` among entries that `filter` admits;
    `bind_dn` reads it. ca: PEM of who vouches for the server, empty for the machine's own list.
    newcomers: whoever the filter admits gets an account at the first sign-in (anyone)."""

    host: str
    port: int = 389
    security: Security = "starttls"
    base: str
    bind_dn: str = ""
    filter: str = "(objectClass=person)"
    name_attribute: str = "uid"
    display_attribute: str = "cn"
    email_attribute: str = "mail"
    id_attribute: str = "entryUUID"
    group_attribute: str = "memberOf"
    group_base: str = ""
    newcomers: Newcomers = "anyone"
    ca: str = ""
    organisation: str = ""
    session_days: int = 7


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where people may come from. label: what the button says. secret: sealed, empty for none."""

    id: str
    label: str
    settings: OpenIdSettings | DirectorySettings
    secret: bytes = b""
    is_open: bool = True
    created_s: float = 0.0

    @property
    def kind(self) -> Literal["oidc", "ldap"]:
        return "oidc" if isinstance(self.settings, OpenIdSettings) else "ldap"

    @property
    def session_s(self) -> float:
        """Shorter than other sessions: who is suspended there shall not stay for months here."""
        return self.settings.session_days * 86_400.0

    @property
    def issuer(self) -> str:
        """What binds an account together with the subject."""
        return self.settings.issuer if isinstance(self.settings, OpenIdSettings) else f"ldap:{self.id}"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of a person. groups is None when it says nothing about them."""

    issuer: str
    subject: str
    name: str = ""
    display: str = ""
    email: str = ""
    is_email_verified: bool = False
    groups: tuple[str, ...] | None = None
    session: str = ""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """An account here and its account there. display: what the source last called the person; a
    change there is taken over, a change by the person here stays."""

    source: str
    issuer: str
    subject: str
    person_id: PersonId
    display: str = ""
    groups: tuple[str, ...] = ()
    bound_s: float = 0.0
    last_used_s: float | None = None


class TokenRefused(Exception):
    """A token of a source does not hold; `reason` says why, in one word of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_source_id(text: str) -> str:
    """1 to 32 of a-z, 0-9 and hyphen; it stands in the return address. Raises ValueError."""
    if not _SOURCE_ID.fullmatch(text):
        raise ValueError("id")
    return text


def parse_domains(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Domains of addresses, in small letters. Raises ValueError."""
    domains = tuple(text.strip().lower().removeprefix("@") for text in texts if text.strip())
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise ValueError("domains")
    return domains


def parse_issuer(text: str, *, is_local: bool) -> str:
    """OpenID Connect Discovery 1.0, section 2: https, no query, no fragment; with `is_local` also
    http. Raises ValueError."""
    if len(text) > 500 or any(not " " < c < "\x7f" for c in text):
        raise ValueError("issuer")
    parts = urlsplit(text)
    if parts.scheme not in (("https", "http") if is_local else ("https",)) or not parts.hostname:
        raise ValueError("issuer")
    if parts.query or parts.fragment or "?" in text or "#" in text or parts.username is not None:
        raise ValueError("issuer")
    return text


def check_id_token(claims: dict[str, Any], *, issuer: str, client_id: str, nonce: str, now_s: float) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7. Raises TokenRefused."""
    check_common(claims, issuer=issuer, client_id=client_id, now_s=now_s)
    if claims.get("nonce") != nonce:
        raise TokenRefused("nonce")
    checked_subject(claims)


def check_common(claims: dict[str, Any], *, issuer: str, client_id: str, now_s: float) -> None:
    """iss, aud, azp, exp, iat and nbf. Raises TokenRefused."""
    if claims.get("iss") != issuer:
        raise TokenRefused("iss")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise TokenRefused("aud")
    # Several audiences could each hand the token on: only one that names us as its user counts.
    authorized = claims.get("azp")
    if (len(audiences) > 1 or authorized is not None) and authorized != client_id:
        raise TokenRefused("azp")
    if _time(claims, "exp") <= now_s - CLOCK_SKEW_S:
        raise TokenRefused("exp")
    if not now_s - OLDEST_TOKEN_S <= _time(claims, "iat") <= now_s + CLOCK_SKEW_S:
        raise TokenRefused("iat")
    if "nbf" in claims and _time(claims, "nbf") > now_s + CLOCK_SKEW_S:
        raise TokenRefused("nbf")


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(name)
    return float(value)


def checked_subject(claims: dict[str, Any]) -> str:
    """`sub`: 1 to 255 ASCII characters (Core 1.0, section 2). Raises TokenRefused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_LENGTH:
        raise TokenRefused("sub")
    if not subject.isascii() or not subject.isprintable():
        raise TokenRefused("sub")
    return subject


def said_by_claims(settings: OpenIdSettings, claims: dict[str, Any]) -> Said:
    """What checked claims say of a person; what cannot be used is left out."""
    groups = claims.get(settings.groups_claim)
    return Said(
        issuer=settings.issuer,
        subject=checked_subject(claims),
        name=_text(claims.get(settings.name_claim)),
        display=_text(claims.get(settings.display_claim)),
        email=_text(claims.get(settings.email_claim)),
        is_email_verified=claims.get("email_verified") is True,
        groups=usable_groups(groups) if isinstance(groups, list) else None,
        session=_text(claims.get("sid"))[:SUBJECT_LENGTH],
    )


def usable_groups(groups: list[Any]) -> tuple[str, ...]:
    """Names of groups, without doubles and without what is no name, at most 100."""
    names = [g for g in groups if isinstance(g, str) and 1 <= len(g) <= GROUP_LENGTH and g.isprintable()]
    return tuple(dict.fromkeys(names))[:MOST_GROUPS]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 500 else ""


def usable_display(text: str) -> str:
    """`text` as a person may be called, else empty."""
    try:
        return parse_line(text, DISPLAY_LENGTH)
    except ValueError:
        return ""


def may_come(settings: OpenIdSettings | DirectorySettings, said: Said) -> bool:
    """Whether somebody without an account here gets one."""
    if settings.newcomers == "anyone":
        return True
    if settings.newcomers != "domains" or not said.is_email_verified:
        return False
    # The last @ counts: what stands before may be quoted and hold others.
    domain = said.email.rpartition("@")[2].lower()
    return isinstance(settings, OpenIdSettings) and domain in settings.domains


def proposed_name(said: Said) -> str:
    """A name to sign in with, near to what the source calls the person; empty when nothing fits."""
    for wish in (said.name, said.email, said.display):
        plain = unicodedata.normalize("NFKD", wish.partition("@")[0]).encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9._-]+", ".", plain.lower()).strip("._-")[:32].strip("._-")
        name = re.sub(r"\.{2,}", ".", name)
        try:
            return parse_name(name)
        except ValueError:
            continue
    return ""
