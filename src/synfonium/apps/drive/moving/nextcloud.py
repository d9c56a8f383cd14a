"""What a Nextcloud (or ownCloud) is asked besides its WebDAV: for a password of one's own by login flow
2, for the id of the account, and to forget that password at the end."""

from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from synfonium.apps.drive.moving.port import NotTaken, SourceRefused
from synfonium.apps.drive.moving.wire import Wire, check_status

T = TypeVar("T")
_BEGIN = "/index.php/login/v2"
_USER = "/ocs/v2.php/cloud/user?format=json"
_PASSWORD = "/ocs/v2.php/core/apppassword"
_OCS = {"ocs-apirequest": "true", "accept": "application/json"}
# Where people copy an address from, and what follows the base there.
_BEHIND = ("/index.php", "/apps/", "/login", "/remote.php", "/f/", "/s/", "/settings")


class Granted(msgspec.Struct, frozen=True):
    """What an account has let us in with."""

    name: str
    secret: str


class _Poll(msgspec.Struct):
    token: str


class _Begun(msgspec.Struct):
    poll: _Poll
    login: str


class _Answered(msgspec.Struct):
    loginName: str
    appPassword: str


class _Id(msgspec.Struct):
    id: str


class _Data(msgspec.Struct):
    data: _Id


class _User(msgspec.Struct):
    ocs: _Data


def base_of(url: str) -> str:
    """The address of the installation, of any page within it."""
    parts = urlsplit(url)
    path = parts.path
    for behind in _BEHIND:
        path = path.partition(behind)[0]
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def files_of(wire: Wire, user: str) -> str:
    return f"{_base(wire)}/remote.php/dav/files/{quote(user, safe='')}/"


async def begin(wire: Wire) -> tuple[str, str]:
    """The token to ask with, and the page where the person agrees. Raises SourceAway, SourceRefused."""
    async with wire.send("POST", _base(wire) + _BEGIN, {"content-length": "0"}) as answer:
        check_status(answer, good=(200,), is_top=True)
        begun = _decoded(await answer.body(), _Begun)
    if not wire.origin.holds(begun.login) or len(begun.poll.token) > 500:
        raise SourceRefused("elsewhere")
    return begun.poll.token, begun.login


async def poll(wire: Wire, token: str) -> Granted | None:
    """None as long as nobody has agreed. Raises SourceAway, SourceRefused."""
    body = f"token={quote(token, safe='')}".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with wire.send("POST", f"{_base(wire)}{_BEGIN}/poll", headers, body) as answer:
        if answer.status == 404:
            return None
        check_status(answer, good=(200,), is_top=True)
        found = _decoded(await answer.body(), _Answered)
    return Granted(found.loginName, found.appPassword)


async def user_of(wire: Wire, name: str) -> str:
    """The id of the account, which is not always the name that one signs in with."""
    try:
        async with wire.send("GET", _base(wire) + _USER, _OCS) as answer:
            check_status(answer, good=(200,))
            return _decoded(await answer.body(), _User).ocs.data.id
    except NotTaken:
        return name
    except SourceRefused as refusal:
        if refusal.why != "broken":
            raise
        return name


async def forget(wire: Wire) -> None:
    """The password that the person gave us opens nothing any more. Raises SourceAway, SourceRefused."""
    async with wire.send("DELETE", _base(wire) + _PASSWORD, _OCS) as answer:
        await answer.body()


def _base(wire: Wire) -> str:
    return wire.origin.path.rstrip("/")


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SourceRefused("broken") from None
