"""Who a client is (RFC 6749, 2.3; Core 1.0, 9), and which key it holds (RFC 9449)."""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth.client import Client, Method
from synfonium.apps.identity.model.oauth.words import ASSERTION_TYPE, OAuthError, needed
from synfonium.apps.identity.model.people import digest
from synfonium.apps.identity.service.oauth.proving import Proving
from synfonium.apps.identity.store.oauth import clients as store
from synfonium.kernel.context import Context


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a client: its fields, and the headers that prove something.

    path: of the endpoint. dpop: the header, or None; several in one are refused as one.
    """

    fields: Mapping[str, str]
    path: str
    authorization: str = ""
    dpop: str | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a client shows of itself; `admit` decides within the transaction."""

    client_id: str
    method: Method
    secret: str = ""
    jkt: str = ""


class Authentication:
    """Looks at credentials before a transaction, and admits the client within it."""

    def __init__(self, context: Context, proving: Proving) -> None:
        self._context, self._proving = context, proving

    async def look(self, asked: Asked) -> Shown:
        """Reads credentials, and checks and spends what is signed. Raises OAuthError."""
        shown = credentials_of(asked.fields, asked.authorization)
        url = f"{self._context.site.public_url}{asked.path}"
        if shown.method == "private_key_jwt":
            client = await self._context.database.read(lambda c: store.client_by_id(c, shown.client_id))
            if client is None or client.method != shown.method:
                raise unknown_client()
            await self._proving.assertion(client, shown.secret, url)
        if asked.dpop is None:
            return shown
        jkt = await self._proving.dpop(asked.dpop, "POST", url, with_nonce=True)
        return msgspec.structs.replace(shown, jkt=jkt)

    def admit(self, connection: Connection, shown: Shown) -> Client:
        """The client, when it is who it says. Raises OAuthError."""
        client = store.client_by_id(connection, shown.client_id)
        if client is None or not _is_authentic(client, shown):
            raise unknown_client()
        return client


def _is_authentic(client: Client, shown: Shown) -> bool:
    """By the one way it is registered for; basic and post carry the same secret and are one."""
    if shown.method in ("private_key_jwt", "none") or client.method in ("private_key_jwt", "none"):
        return shown.method == client.method
    return hmac.compare_digest(client.secret_hash, digest(shown.secret))


def credentials_of(fields: Mapping[str, str], authorization: str) -> Shown:
    """Raises OAuthError; two ways at once are refused (RFC 6749, 2.3)."""
    ways = [bool(authorization), "client_secret" in fields, "client_assertion" in fields]
    if sum(ways) > 1:
        raise OAuthError("invalid_request", "two ways of client authentication")
    if authorization:
        return _basic(fields, authorization)
    if "client_assertion" in fields:
        return _assertion(fields)
    if "client_id" not in fields:
        raise OAuthError("invalid_client", "client_id is missing")
    method: Method = "client_secret_post" if "client_secret" in fields else "none"
    return Shown(client_id=fields["client_id"], method=method, secret=fields.get("client_secret", ""))


def _basic(fields: Mapping[str, str], authorization: str) -> Shown:
    kind, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise OAuthError("invalid_client", "the Authorization header cannot be read") from None
    # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
    client_id = unquote_plus(name)
    if kind.lower() != "basic" or not colon or fields.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_client", "the Authorization header cannot be read")
    return Shown(client_id=client_id, method="client_secret_basic", secret=unquote_plus(secret))


def _assertion(fields: Mapping[str, str]) -> Shown:
    if needed(fields, "client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_client", "client_assertion_type is jwt-bearer")
    token = fields["client_assertion"]
    client_id = fields.get("client_id") or _subject(token)
    return Shown(client_id=client_id, method="private_key_jwt", secret=token)


def _subject(token: str) -> str:
    """Whom an assertion claims to come from; believed only once its signature holds."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["sub"])
    except (ValueError, IndexError, KeyError, TypeError, msgspec.DecodeError, RecursionError):
        raise OAuthError("invalid_client", "the assertion cannot be read") from None


def unknown_client() -> OAuthError:
    return OAuthError("invalid_client", "the client is unknown, or shows itself in another way than agreed")
