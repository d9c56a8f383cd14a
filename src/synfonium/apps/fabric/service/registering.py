"""Outside apps are registered by their manifest: a row here, and an OAuth client of identity."""

import base64
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from synfonium.apps.fabric.contract import DETAIL_TYPE, Manifest, in_language
from synfonium.apps.fabric.errors import AppTaken, BadManifest, NoSuchApp, TooManyApps
from synfonium.apps.fabric.model.changes import Change, changes
from synfonium.apps.fabric.model.manifest import Parsed, parse_manifest
from synfonium.apps.fabric.model.origins import parse_origin, redirect_uris
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.service.outside import SECRET_PREFIX
from synfonium.apps.fabric.service.registry import Registry, webhook_purpose
from synfonium.apps.fabric.store import apps as store
from synfonium.apps.fabric.store import deliveries
from synfonium.apps.fabric.store import grants as grants_store
from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

EVERYBODY = PersonId("")
BACK_PATH = "/.synfonium/back"
"""Where codes come for an app that we stand in front of."""
MOST_APPS = 500
MOST_OF_A_PERSON = 20
LONGEST_CLIENT_NAME = 60
GRANTS_AT_ONCE = 10_000
_GRANT_TYPES = ("authorization_code", "refresh_token")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """An app as it is registered now. Secrets are there when they are new, and only this once.

    changes: what an update changed; empty for a new app.
    """

    name: AppName
    origin: str
    client_id: str
    client_secret: str = ""
    webhook_secret: str = ""
    is_new: bool = False
    changes: tuple[Change, ...] = ()


class Registering:
    """Installs, updates, lists and removes outside apps."""

    def __init__(self, context: Context, registry: Registry, granting: Granting) -> None:
        self._context, self._registry, self._granting = context, registry, granting

    def parse(self, content: bytes) -> Parsed:
        """A manifest as an outside app may have it."""
        return parse_manifest(content, reserved=[app.name for app in installed_apps()])

    async def install(
        self,
        content: bytes,
        origin: str,
        *,
        by: PersonId,
        owner: PersonId = EVERYBODY,
        upstream: str = "",
    ) -> Installed:
        """Registers an app for `owner` alone or for everybody; the same app again is an update.
        upstream: where its server is, for an app that we stand in front of.

        Raises BadManifest, BadInput, AppTaken (another origin or owner has the name), TooManyApps.
        """
        manifest, origin = self._checked(content), self._origin(origin)
        row = await self._context.database.read(lambda c: store.named(c, manifest.id))
        if upstream and (owner or manifest.synfonium.front is None):
            raise BadInput("upstream", _("It needs `front` in its manifest, and is for everybody."))
        upstream = _upstream(upstream) if upstream else ""
        if row is None:
            return await self._add(manifest, content, origin, owner, by, upstream)
        if (row.origin, row.owner) != (origin, owner):
            raise AppTaken(name=manifest.id)
        return await self._update(row, manifest, content, by, upstream)

    def _checked(self, content: bytes) -> Manifest:
        parsed = self.parse(content)
        if parsed.manifest is None:
            first = parsed.findings[0]
            raise BadManifest(line=first.line, sentence=first.sentence(), rule=first.rule)
        return parsed.manifest

    def _origin(self, text: str) -> str:
        ours = (self._context.site.public_url, self._context.site.content_url)
        try:
            origin = parse_origin(text)
        except ValueError:
            origin = ""
        if not origin or origin in ours:
            raise BadInput(
                "origin",
                _(
                    "An origin is https:// and a host of the app's own, without a path, such as https://a.example."
                ),
            )
        return origin

    async def _add(
        self,
        manifest: Manifest,
        content: bytes,
        origin: str,
        owner: PersonId,
        by: PersonId,
        upstream: str,
    ) -> Installed:
        await self._check_room(owner)
        metadata = client_metadata(manifest, origin)
        asked = {"name": metadata["client_name"], "redirect_uris": metadata["redirect_uris"]}
        client = await self._context.call(
            "identity.client_add", {**asked, "metadata": metadata, "owner": owner, "by": by}
        )
        now_s = self._context.clock.now_s()
        row = store.Row(
            name=AppName(manifest.id),
            origin=origin,
            client_id=str(client["client_id"]),
            owner=owner,
            created_s=now_s,
            changed_s=now_s,
            upstream=upstream,
        )
        secret, sealed = self._new_webhook_secret(row.name)
        try:
            await self._write(
                by, "fabric.app.install", row.name, lambda c: store.add(c, row, content, sealed)
            )
        except IntegrityError:
            await self._context.call("identity.client_remove", {"client_id": row.client_id, "by": by})
            raise AppTaken(name=manifest.id) from None
        return Installed(
            name=row.name,
            origin=origin,
            client_id=row.client_id,
            client_secret=str(client["client_secret"]),
            webhook_secret=secret,
            is_new=True,
        )

    async def _check_room(self, owner: PersonId) -> None:
        most = MOST_OF_A_PERSON if owner else MOST_APPS
        if await self._context.database.read(lambda c: store.count(c, owner)) >= most:
            raise TooManyApps(most=most)

    async def _update(
        self, row: store.Row, manifest: Manifest, content: bytes, by: PersonId, upstream: str
    ) -> Installed:
        before = await self._context.database.read(lambda c: store.manifest(c, row.name))
        old = parse_manifest(before).manifest
        metadata = client_metadata(manifest, row.origin)
        client = await self._context.call(
            "identity.client_change", {"client_id": row.client_id, "metadata": metadata, "by": by}
        )
        # Later than before, whatever the clock says: by this time it is known that it changed.
        now_s = max(self._context.clock.now_s(), row.changed_s + 0.001)
        await self._write(
            by, "fabric.app.update", row.name, lambda c: _change(c, row.name, content, upstream, now_s)
        )
        return Installed(
            name=row.name,
            origin=row.origin,
            client_id=row.client_id,
            client_secret=str(client["client_secret"]),
            changes=changes(old, manifest) if old else (),
        )

    async def all(self, owner: PersonId | None = None) -> Sequence[store.Row]:
        """By name; of `owner` alone when given, EVERYBODY for those that all have."""
        return await self._context.database.read(lambda c: store.every(c, owner))

    async def of(self, name: str, owner: PersonId | None) -> tuple[store.Row, bytes]:
        """One app of `owner` (None: whosever) and its manifest. Raises NoSuchApp."""

        def work(connection: Connection) -> tuple[store.Row | None, bytes]:
            return store.named(connection, name), store.manifest(connection, name)

        row, content = await self._context.database.read(work)
        if row is None or (owner is not None and row.owner != owner):
            raise NoSuchApp
        return row, content

    async def renew(self, name: str, *, owner: PersonId | None, by: PersonId) -> Installed:
        """New secrets; the old ones end at once. Raises NoSuchApp."""
        row, _content = await self.of(name, owner)
        client = await self._context.call("identity.client_secret", {"client_id": row.client_id, "by": by})
        secret, sealed = self._new_webhook_secret(row.name)
        await self._write(by, "fabric.app.secret", name, lambda c: store.set_webhook(c, name, sealed))
        return Installed(
            name=row.name,
            origin=row.origin,
            client_id=row.client_id,
            client_secret=str(client["client_secret"]),
            webhook_secret=secret,
        )

    async def remove(self, name: str, *, by: PersonId, owner: PersonId | None = None) -> int:
        """Ends the app here: its client with all tokens, then every right that it was given and its
        row in one commit. How many rights ended. Raises NoSuchApp; again after a crash is safe.
        """
        row = await self._context.database.read(lambda c: store.named(c, name))
        if row is None or (owner is not None and row.owner != owner):
            raise NoSuchApp
        # Gone already, when a crash came between the two.
        with suppress(NotFound):
            await self._context.call("identity.client_remove", {"client_id": row.client_id, "by": by})
        return await self._end(row, by)

    async def _end(self, row: store.Row, by: PersonId) -> int:
        ended = 0

        def work(connection: Connection) -> None:
            nonlocal ended
            while given := grants_store.of_app(connection, row.name):
                self._granting.end(connection, given, by, is_final=True)
                ended += len(given)
            deliveries.forget(connection, row.name)
            store.remove(connection, row.name)

        await self._write(by, "fabric.app.remove", row.name, work)
        self._granting.forget()
        return ended

    async def _write(self, by: PersonId, act: str, name: str, work: Any) -> None:
        def whole(connection: Connection) -> None:
            work(connection)
            self._context.audit.add(connection, by, act, f"fabric:app/{name}", name)

        await self._context.database.write(whole)
        self._registry.forget()

    def _new_webhook_secret(self, name: AppName) -> tuple[str, bytes]:
        """256 random bits as Standard Webhooks writes them, and the same sealed."""
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        return secret, self._context.secrets.seal(secret.encode(), purpose=webhook_purpose(name))


def _change(connection: Connection, name: AppName, content: bytes, upstream: str, now_s: float) -> None:
    """Its webhook is told again, whatever it answered before."""
    store.change(connection, name, content, upstream, now_s)
    deliveries.trust(connection, name, now_s)


def _upstream(text: str) -> str:
    """The origin of a server, also over plain HTTP: the operator alone says it. Raises BadInput."""
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or "@" in parts.netloc:
        raise BadInput("upstream", _("It is http:// or https://, a host and a port."))
    return f"{parts.scheme}://{parts.netloc}"


def client_metadata(manifest: Manifest, origin: str) -> dict[str, Any]:
    """What the app is as a client (RFC 7591): no more than its manifest asks for."""
    is_confidential = manifest.synfonium.is_confidential
    more = EXCHANGE_GRANT if is_confidential else DEVICE_GRANT
    fronted = [f"{origin}{BACK_PATH}"] if manifest.synfonium.front else []
    return {
        "client_name": in_language(manifest.name, "en")[:LONGEST_CLIENT_NAME].strip(),
        "redirect_uris": [*redirect_uris(manifest, origin), *fronted],
        "token_endpoint_auth_method": "client_secret_basic" if is_confidential else "none",
        "grant_types": [*_GRANT_TYPES, more],
        "authorization_details_types": [DETAIL_TYPE],
        "scope": " ".join(manifest.synfonium.scopes),
    }
