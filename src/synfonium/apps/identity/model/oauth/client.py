"""Clients: what OAuth's registration (RFC 7591, OpenID Registration 1.0) may say about one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.identity.model.oauth.words import DEVICE_GRANT, EXCHANGE_GRANT, OAuthError
from synfonium.apps.identity.model.people import LABEL_LENGTH, is_redirect_uri, parse_line

Method = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
Grant = Literal[
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]
Algorithm = Literal["ES256", "EdDSA", "RS256"]
ProofAlgorithm = Literal["", "ES256", "EdDSA", "Ed25519", "PS256", "RS256"]
PROOF_ALGORITHMS = ("ES256", "EdDSA", "Ed25519", "PS256")
MOST_URIS = 10
MOST_KEYS = 10
LONGEST_URI = 500
_LOOPBACK = ("127.0.0.1", "::1")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Client metadata under its registered names; unknown ones are ignored (RFC 7591, section 2).

    require_pkce, fapi2 and resource_uris are ours: a confidential client may do without
    PKCE; a client may be held to the FAPI 2 security profile; and it may be the resource
    server of addresses, whose tokens it introspects (RFC 8707).
    """

    client_name: str = ""
    redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: Method = "client_secret_basic"
    grant_types: tuple[Grant, ...] = ("authorization_code",)
    response_types: tuple[Literal["code"], ...] = ("code",)
    application_type: Literal["web", "native"] = "web"
    subject_type: Literal["pairwise"] = "pairwise"
    id_token_signed_response_alg: Algorithm = "ES256"
    userinfo_signed_response_alg: Literal["", "ES256", "EdDSA", "RS256"] = ""
    token_endpoint_auth_signing_alg: ProofAlgorithm = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    sector_identifier_uri: str = ""
    default_max_age: int | None = None
    require_auth_time: bool = False
    initiate_login_uri: str = ""
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    authorization_details_types: tuple[str, ...] = ()
    scope: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    require_pkce: bool = True
    fapi2: bool = False
    resource_uris: tuple[str, ...] = ()


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A site or program that people may sign in to. owner: the person who registered it, or empty.

    is_open: it registered itself, and goes away when nobody uses it.
    """

    id: str
    metadata: Metadata
    owner: str = ""
    secret_hash: str = ""
    registration_hash: str = ""
    created_s: float = 0.0
    is_open: bool = False

    @property
    def name(self) -> str:
        return self.metadata.client_name

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        return self.metadata.redirect_uris

    @property
    def method(self) -> Method:
        return self.metadata.token_endpoint_auth_method

    @property
    def is_public(self) -> bool:
        return self.method == "none"

    @property
    def is_strict(self) -> bool:
        """Whether the FAPI 2 security profile binds it: it says so, or has all that this takes."""
        asked = self.metadata.require_pushed_authorization_requests and self.metadata.dpop_bound_access_tokens
        return self.metadata.fapi2 or (asked and self.method == "private_key_jwt")

    @property
    def needs_pkce(self) -> bool:
        return self.is_public or self.metadata.require_pkce or self.is_strict

    @property
    def needs_push(self) -> bool:
        return self.metadata.require_pushed_authorization_requests or self.metadata.fapi2

    @property
    def needs_dpop(self) -> bool:
        return self.metadata.dpop_bound_access_tokens or self.metadata.fapi2

    @property
    def sector(self) -> str:
        """What a pairwise `sub` is bound to: the one https host, else the client itself.

        OpenID Connect Core 1.0, section 8.1. Loopback and private schemes name no site.
        """
        if self.metadata.sector_identifier_uri:
            return f"host:{urlsplit(self.metadata.sector_identifier_uri).hostname}"
        parts = [urlsplit(uri) for uri in self.redirect_uris]
        hosts = {part.hostname for part in parts if part.scheme == "https"}
        if len(hosts) == 1 and all(part.scheme == "https" for part in parts):
            return f"host:{hosts.pop()}"
        return f"client:{self.id}"

    def owns(self, redirect_uri: str) -> bool:
        """Whether it is exactly one of the client's; a loopback address has any port (RFC 8252, 7.3)."""
        if redirect_uri in self.redirect_uris:
            return True
        bare = without_port(redirect_uri)
        return bool(bare) and bare in map(without_port, self.redirect_uris)


def without_port(uri: str) -> str:
    """A loopback http URI without its port; empty for any other."""
    if not is_redirect_uri(uri):
        return ""
    parts = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        return ""
    return parts._replace(netloc=parts.hostname).geturl()


def parse_metadata(fields: Mapping[str, Any]) -> Metadata:
    """Metadata as they may be registered. Raises OAuthError in the words of RFC 7591, 3.2.2."""
    given = {name: value for name, value in fields.items() if value is not None}
    if "jwks" in given and "jwks_uri" in given:
        raise _wrong("jwks and jwks_uri exclude one another")
    try:
        metadata = msgspec.convert(given, Metadata)
    except msgspec.ValidationError as fault:
        raise _wrong(str(fault)[:200]) from None
    return checked(metadata)


def checked(metadata: Metadata) -> Metadata:
    """The same, when its parts are good and fit together. Raises OAuthError."""
    try:
        name = parse_line(metadata.client_name or "?", LABEL_LENGTH)
    except ValueError:
        raise _wrong("client_name is one line of 1 to 60 characters") from None
    _check_redirects(metadata)
    _check_addresses(metadata)
    _check_keys(metadata)
    _check_profile(metadata)
    return msgspec.structs.replace(metadata, client_name=name if metadata.client_name else _name(metadata))


def _name(metadata: Metadata) -> str:
    hosts = [urlsplit(uri).hostname or "" for uri in metadata.redirect_uris]
    return (hosts[0] if hosts and hosts[0] else "?")[:LABEL_LENGTH]


def _check_redirects(metadata: Metadata) -> None:
    uris = metadata.redirect_uris
    is_needed = "authorization_code" in metadata.grant_types
    if (is_needed and not uris) or len(uris) > MOST_URIS or not all(map(is_redirect_uri, uris)):
        raise OAuthError(
            "invalid_redirect_uri", "redirect_uris are https, http on loopback, or private schemes"
        )
    if not set(metadata.grant_types) or (is_needed and metadata.response_types != ("code",)):
        raise _wrong("response_types is code")


def _check_addresses(metadata: Metadata) -> None:
    back = (metadata.backchannel_logout_uri, metadata.jwks_uri, metadata.sector_identifier_uri)
    if not all(is_web(uri) for uri in (*back, *metadata.resource_uris) if uri):
        raise _wrong("jwks_uri, sector_identifier_uri, backchannel_logout_uri are web addresses")
    shown = (metadata.client_uri, metadata.logo_uri, metadata.policy_uri, metadata.tos_uri)
    if not all(is_web(uri) for uri in (*shown, metadata.initiate_login_uri) if uri):
        raise _wrong("client_uri, logo_uri, policy_uri, tos_uri, initiate_login_uri are web addresses")
    left = metadata.post_logout_redirect_uris
    if max(len(left), len(metadata.resource_uris)) > MOST_URIS or not all(map(is_redirect_uri, left)):
        raise _wrong("post_logout_redirect_uris are https, http on loopback, or private schemes")


def is_web(uri: str) -> bool:
    """An absolute https address without a fragment; http on loopback only, for developers."""
    return is_redirect_uri(uri) and urlsplit(uri).scheme in ("https", "http")


def _check_keys(metadata: Metadata) -> None:
    keys = (metadata.jwks or {}).get("keys", [])
    if metadata.jwks is not None and not is_public_set(keys):
        raise _wrong("jwks holds public keys")
    has_keys = bool(keys or metadata.jwks_uri)
    if metadata.token_endpoint_auth_method == "private_key_jwt" and not has_keys:
        raise _wrong("private_key_jwt needs jwks or jwks_uri")


def is_public_set(keys: object) -> bool:
    """1 to 10 JWKs, none of which holds a private or symmetric half."""
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        return False
    return all(isinstance(key, dict) and not key.keys() & {"d", "k"} for key in keys)


def _check_profile(metadata: Metadata) -> None:
    algorithms = (metadata.id_token_signed_response_alg, metadata.token_endpoint_auth_signing_alg)
    if metadata.fapi2 and (metadata.token_endpoint_auth_method != "private_key_jwt" or "RS256" in algorithms):
        raise _wrong("FAPI 2 needs private_key_jwt, and ES256, EdDSA or PS256")
    is_public = metadata.token_endpoint_auth_method == "none"
    if is_public and EXCHANGE_GRANT in metadata.grant_types:
        raise _wrong("a public client cannot exchange tokens")
    if DEVICE_GRANT in metadata.grant_types and metadata.fapi2:
        raise _wrong("FAPI 2 knows no device flow")


def _wrong(description: str) -> OAuthError:
    return OAuthError("invalid_client_metadata", description)
