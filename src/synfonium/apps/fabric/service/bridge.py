"""The bytes of a file that an outside app has, for software that knows WebDAV and no app.

The app is asked by plain HTTP at the file's location, with a biscuit of the one right, good for a
minute and for what is being done: what was shown to us is shown to nobody else."""

from urllib.parse import urlsplit

import msgspec

from synfonium.apps.fabric.contract import FILE, Action, Apps, Grant, Object, Objects
from synfonium.apps.fabric.errors import AppAway
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.apps.fabric.service.grants import Granting
from synfonium.common.ids import AppName, GrantId
from synfonium.common.problem import Forbidden, NotFound
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import TooLarge
from synfonium.libraries.network.client import Answer, GuardedClient, RequestFailed

LARGEST_BYTES = 16 * 1024 * 1024
SLOWEST_S = 30.0
TOKEN_S = 60.0
LONGEST_NAME = 120

log = logs.get("fabric")


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that `actor` was granted. name: what it is called in a folder."""

    actor: Person
    grant: Grant
    shown: Object
    name: str


class Bridge:
    """Use cases of the files of outside apps, in the role that keeps the grants."""

    def __init__(self, context: Context, authority: Authority, granting: Granting) -> None:
        self._context, self._authority, self._granting = context, authority, granting
        is_local_allowed = bool(context.config and context.config.local_apps)
        self._client = GuardedClient("Synfonium", is_local_allowed=is_local_allowed, slowest_s=SLOWEST_S)

    async def close(self) -> None:
        await self._client.close()

    async def reach(self, actor: Person, grant: GrantId, action: Action) -> Reached:
        """What a grant of the actor's names. Raises NotFound, Forbidden, AppAway."""
        found = await self._authority.of(grant) if grant in actor.grants else None
        if found is None:
            raise NotFound
        actor = msgspec.structs.replace(actor, grants=(grant,))
        objects = self._context.offer(Objects)  # type: ignore[type-abstract]
        shown = await objects.describe(found.person, found.object)
        if shown is None or FILE not in shown.interfaces or "://" not in shown.location:
            raise NotFound
        if not await self._authority.check(actor, shown.path, "read"):
            raise NotFound
        if action not in shown.may or not await self._authority.check(actor, shown.path, action):
            raise Forbidden
        return Reached(actor=actor, grant=found, shown=shown, name=file_name(shown.title))

    async def read(self, reached: Reached) -> bytes:
        """All of it. Raises Forbidden, NotFound, AppAway; TooLarge above 16 MiB."""
        answer = await self._ask("GET", reached, "read")
        if answer.status != 200:
            raise AppAway
        return answer.body

    async def write(self, reached: Reached, content: bytes, media_type: str) -> None:
        """Raises Forbidden, NotFound, TooLarge, AppAway."""
        answer = await self._ask("PUT", reached, "write", content, media_type or reached.shown.media_type)
        if not 200 <= answer.status < 300:
            raise AppAway

    async def _ask(
        self, method: str, reached: Reached, action: Action, body: bytes = b"", media_type: str = ""
    ) -> Answer:
        await self._check_place(reached)
        until_s = self._context.clock.now_s() + TOKEN_S
        narrowed = Narrowed(actions=frozenset({action}), until_s=until_s)
        token = await self._granting.token(reached.actor, reached.grant.id, narrowed)
        headers = {"authorization": f"Bearer {token}"}
        if method == "PUT":
            headers |= {"content-type": media_type, "content-length": str(len(body))}
        try:
            answer = await self._client.request(
                method, reached.shown.location, headers=headers, body=body, largest_bytes=LARGEST_BYTES
            )
        except RequestFailed as failure:
            if failure.reason == "too_large":
                raise TooLarge from None
            log.warning(
                "fabric.app_silent", app=reached.shown.address.partition(":")[0], reason=failure.reason
            )
            raise AppAway from None
        return _taken(answer)

    async def _check_place(self, reached: Reached) -> None:
        """An app says where its own files are, and no other server's. Raises AppAway."""
        name = AppName(reached.shown.address.partition(":")[0])
        app = await self._context.offer(Apps).by_name(name)  # type: ignore[type-abstract]
        if app is None or urlsplit(app.origin)[:2] != urlsplit(reached.shown.location)[:2]:
            raise AppAway


def _taken(answer: Answer) -> Answer:
    refusals = {401: Forbidden, 403: Forbidden, 404: NotFound, 410: NotFound, 413: TooLarge}
    if refusal := refusals.get(answer.status):
        raise refusal
    return answer


def file_name(title: str) -> str:
    """A title as one name in a folder."""
    plain = "".join(" " if one in "/\\" or not one.isprintable() else one for one in title)
    return plain.strip(" .")[:LONGEST_NAME].strip() or "file"
