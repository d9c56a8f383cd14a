"""How a source is reached: sealed for one job as long as it runs, and opened into a source."""

import msgspec

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.move_in import MoveIn, MoveInKind
from synfonium.apps.drive.moving import nextcloud
from synfonium.apps.drive.moving.port import Patience, Source
from synfonium.apps.drive.moving.s3 import S3Source, signed
from synfonium.apps.drive.moving.takeout import TakeoutSource
from synfonium.apps.drive.moving.webdav import WebDavSource
from synfonium.apps.drive.moving.wire import Origin, Wire, basic
from synfonium.apps.drive.service import DriveService
from synfonium.kernel.actor import Person
from synfonium.ports.secrets import SecretBox


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """name, secret: a name and password, or an access key and its secret. bucket, prefix, region: of S3.
    archives: files of the person's drive. keeps_notes: Google's .json files come beside the pictures.
    token, login_url: while the person has not agreed at the source yet. is_granted: the secret was made
    for this job, and is given back with its end."""

    kind: MoveInKind
    url: str = ""
    name: str = ""
    secret: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = "us-east-1"
    archives: tuple[NodeId, ...] = ()
    keeps_notes: bool = False
    token: str = ""
    login_url: str = ""
    is_granted: bool = False

    def __repr__(self) -> str:
        # It may stand in a report of a mistake; what it holds must not.
        return f"Access(kind={self.kind!r}, …)"


def purpose_of(id_: str) -> str:
    return f"move-in/{id_}"


def seal(box: SecretBox, id_: str, access: Access) -> bytes:
    return box.seal(msgspec.json.encode(access), purpose=purpose_of(id_))


def unseal(box: SecretBox, job: MoveIn) -> Access:
    return msgspec.json.decode(box.open(job.sealed_access, purpose=purpose_of(job.id)), type=Access)


async def open_source(
    drive: DriveService, actor: Person, access: Access, patience: Patience, *, is_local_allowed: bool
) -> Source:
    """Raises SourceRefused, and SourceAway when the source is asked who comes."""
    if access.kind == "takeout":
        return await TakeoutSource.of(drive, actor, access.archives, keeps_notes=access.keeps_notes)
    origin = Origin(access.url)
    if access.kind == "s3":
        authorize = signed(origin, access.name, access.secret, access.region)
        wire = Wire(origin, authorize, is_local_allowed=is_local_allowed)
        return S3Source(wire, access.bucket, access.prefix, patience)
    wire = Wire(origin, basic(access.name, access.secret), is_local_allowed=is_local_allowed)
    if access.kind == "webdav":
        return WebDavSource(wire, origin.path or "/", patience)
    try:
        user = await patience.call(lambda: nextcloud.user_of(wire, access.name))
    except BaseException:
        await wire.close()
        raise
    return WebDavSource(wire, nextcloud.files_of(wire, user), patience)
