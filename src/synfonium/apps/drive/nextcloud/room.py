"""What the rooms below `/remote.php/dav` that hold no tree of files have in common."""

from collections.abc import Sequence

from synfonium.apps.drive.nextcloud.properties import FOOT, HEAD, Name
from synfonium.apps.drive.nextcloud.propfind import asked_of
from synfonium.apps.drive.nextcloud.request import NextcloudRequest
from synfonium.apps.drive.webdav.refusals import DepthRefused
from synfonium.apps.drive.webdav.request import XML_TYPE, Target
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Receive, Scope, Send, raw_path
from synfonium.kernel.context import Context
from synfonium.libraries.webdav.body import PropFind, read_propfind
from synfonium.libraries.webdav.headers import destination_path, read_depth
from synfonium.libraries.webdav.paths import quote_name, split_path

COLLECTION = "<d:resourcetype><d:collection/></d:resourcetype>"


def room_request(
    context: Context, actor: Person, scope: Scope, receive: Receive, send: Send
) -> NextcloudRequest:
    """`/remote.php/dav/ROOM/NAME/…`, whose names begin after NAME. Raises NotFound for another's."""
    names = split_path(raw_path(scope))
    if len(names) < 5 or names[3] != actor.name:
        raise NotFound
    target = Target(f"/remote.php/dav/{names[2]}/{quote_name(actor.name)}", names[4:], actor)
    return NextcloudRequest(context.service, actor, target, scope, receive, send)


def destination_in(request: NextcloudRequest) -> tuple[str, ...]:
    """Names of the destination below the same room. Raises BadHeader, BadPath, NotFound."""
    names = split_path(destination_path(request.header("destination"), *request.hosts()))
    own = split_path(request.target.base.encode())
    if names[: len(own)] != own:
        raise NotFound
    return names[len(own) :]


async def asked(request: NextcloudRequest) -> tuple[PropFind, tuple[Name, ...], bool]:
    """What a PROPFIND asks, and whether for members too. Raises DepthRefused."""
    find = read_propfind(await request.body())
    depth = read_depth(request.header("depth"), "1")
    if depth == "infinity":
        raise DepthRefused
    return find, asked_of(find), depth == "1"


async def answer_all(request: NextcloudRequest, responses: Sequence[str]) -> None:
    await request.answer(207, [XML_TYPE], f"{HEAD}{''.join(responses)}{FOOT}".encode())
