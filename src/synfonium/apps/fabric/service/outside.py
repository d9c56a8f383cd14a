"""Calls to outside apps: objects, actions, facts. Signed by the app's own secret
(Standard Webhooks 1.0.0), guarded against addresses of the own network, bounded in all."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from synfonium.apps.fabric.contract import RegisteredApp
from synfonium.apps.fabric.errors import AppAway
from synfonium.apps.identity.contract import Subjects
from synfonium.common.ids import AppName, PersonId, new_id
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.libraries.network.client import CONNECTIONS, Answer, GuardedClient, RequestFailed

LARGEST_ANSWER_BYTES = 1024 * 1024
SLOWEST_S = 10.0
SECRET_PREFIX = "whsec_"

log = logs.get("fabric")
SecretOf = Callable[[AppName], Awaitable[str]]


class OutsideApps:
    """Speaks with registered outside apps. secret_of: an app's `whsec_…`."""

    def __init__(self, context: Context, secret_of: SecretOf, *, connections: int = CONNECTIONS) -> None:
        self._context, self._secret_of = context, secret_of
        is_local_allowed = bool(context.config and context.config.local_apps)
        self._client = GuardedClient(
            "Synfonium", is_local_allowed=is_local_allowed, slowest_s=SLOWEST_S, connections=connections
        )

    async def close(self) -> None:
        await self._client.close()

    async def ask(
        self,
        app: RegisteredApp,
        person: PersonId,
        door: str,
        fields: Mapping[str, Any],
        *,
        message_id: str = "",
    ) -> Any:
        """The JSON that `door` of the app answers to `fields`, in which `person` is the app's own
        pairwise `sub` ("" for nobody), and so in the answer. Raises AppAway, NotFound, BadInput
        (its 4xx)."""
        sub = await self._sub(app, person) if person else ""
        body = msgspec.json.encode({**fields, "person": sub})
        answer = await self.send(app, door, body, message_id=message_id)
        if answer.status == 404:
            raise NotFound
        if 400 <= answer.status < 500:
            raise BadInput(app.name, _("The app did not take this."))
        if answer.status != 200:
            raise AppAway
        try:
            return _as_here(msgspec.json.decode(answer.body), sub, person)
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise AppAway from None

    async def _sub(self, app: RegisteredApp, person: PersonId) -> str:
        sub = await self._context.offer(Subjects).of(app.client_id, person)  # type: ignore[type-abstract]
        if sub is None:
            raise AppAway
        return sub

    async def send(
        self,
        app: RegisteredApp,
        door: str,
        body: bytes,
        *,
        message_id: str = "",
        media_type: str = "application/json",
    ) -> Answer:
        """The answer, whatever its status. message_id: the same again when a message is sent
        again. Raises AppAway for an app that does not answer in time."""
        url = urljoin(f"{app.origin}/", door)
        if urlsplit(url)[:2] != urlsplit(app.origin)[:2]:
            raise AppAway
        now_s = int(self._context.clock.now_s())
        headers = signed(await self._secret_of(app.name), message_id or f"msg_{new_id()}", now_s, body)
        try:
            return await self._client.request(
                "POST",
                url,
                headers={**headers, "content-type": media_type},
                body=body,
                largest_bytes=LARGEST_ANSWER_BYTES,
            )
        except RequestFailed as failure:
            log.warning("fabric.app_silent", app=app.name, reason=str(failure))
            raise AppAway from None


def signed(secret: str, message_id: str, now_s: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0.0 for a body: symmetric, HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message_id}.{now_s}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": f"v1,{signature}",
    }


def _as_here(answer: Any, sub: str, person: PersonId) -> Any:
    """The app's name for the person becomes ours; another's stays nobody here."""
    if isinstance(answer, list):
        return [_as_here(item, sub, person) for item in answer]
    if not isinstance(answer, dict):
        return answer
    given = {key: _as_here(value, sub, person) for key, value in answer.items()}
    return {**given, "owner": person if answer["owner"] == sub else ""} if "owner" in answer else given
