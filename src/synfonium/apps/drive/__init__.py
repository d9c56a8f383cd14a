"""Drive: people's files. One SQL tree is the truth; bytes are immutable, sealed blobs."""

from synfonium.apps.drive.contract import ALL_EVENTS
from synfonium.apps.fabric.contract import INDEX_WANTED
from synfonium.kernel.app import App, Command, Mount, Place, Subscription
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.drive"
_ACTS = (
    "new_folder",
    "new_text",
    "rename",
    "move_to",
    "copy_to",
    "move_to_trash",
    "list_folder",
    "find",
    "read_text",
)

app = App(
    name="drive",
    title=_("Drive"),
    summary=_("Your files, on all your devices."),
    path="/drive",
    icon="folder",
    order=20,
    role="web",
    service=f"{_HERE}.moving.opened:open_service",
    doors=f"{_HERE}.http.doors:doors",
    mounts=(
        Mount("/dav", f"{_HERE}.webdav:asgi_app"),
        Mount("/s3", f"{_HERE}.s3:asgi_app"),
        # The same, for clients that take the first name of a path for the bucket.
        Mount("/s3drive", f"{_HERE}.s3:asgi_app"),
        Mount("/drive/tus", f"{_HERE}.tus:asgi_app"),
        Mount("/drive/sealed", f"{_HERE}.http.sealed:asgi_app"),
        Mount("/drive/upload", f"{_HERE}.http.upload:asgi_app"),
        Mount("/content/drive", f"{_HERE}.http.content:asgi_app"),
        Mount("/status.php", f"{_HERE}.nextcloud:status_app"),
        Mount("/remote.php", f"{_HERE}.nextcloud:remote_app"),
        Mount("/ocs", f"{_HERE}.nextcloud:ocs_app"),
        Mount("/index.php", f"{_HERE}.nextcloud:index_app"),
        Mount("/push/ws", f"{_HERE}.nextcloud:push_app"),
    ),
    migrations=True,
    cross_origin=("/dav/grants",),
    # Desktop clients open it without an origin, and say in frames who they are.
    anonymous=("/push/ws",),
    small_blobs=True,
    blob_columns=("drive_file_version.blob", "drive_preview_picture.picture", "drive_upload_part.blob"),
    sealed_columns={
        "drive_space.sealed_key": "space/{id}",
        "drive_s3_key.sealed_secret": "s3/{id}",
        "drive_move_in.sealed_access": "move-in/{id}",
    },
    personal=f"{_HERE}.service.personal:part",
    commands=(
        Command(name="text_sources", handler=f"{_HERE}.jobs:text_sources"),
        Command(name="text_of", handler=f"{_HERE}.jobs:text_of"),
        Command(name="standing", handler=f"{_HERE}.jobs:standing"),
        Command(name="read_picture_source", handler=f"{_HERE}.jobs:read_picture_source"),
        Command(name="make_pictures", handler=f"{_HERE}.jobs:make_pictures", role="worker"),
        Command(name="describe", handler=f"{_HERE}.jobs:describe"),
        Command(name="index_nodes", handler=f"{_HERE}.jobs:index_nodes", role="worker"),
        Command(name="object_describe", handler=f"{_HERE}.commands:object_describe"),
        Command(name="object_children", handler=f"{_HERE}.commands:object_children"),
        Command(name="object_create", handler=f"{_HERE}.commands:object_create"),
        *(Command(name=f"act_{word}", handler=f"{_HERE}.commands:act_{word}") for word in _ACTS),
        Command(name="glance", handler=f"{_HERE}.jobs:glance"),
        Command(name="s3_key", handler=f"{_HERE}.jobs:s3_key"),
        Command(name="move_in", handler=f"{_HERE}.jobs:move_in"),
        Command(name="put", handler=f"{_HERE}.jobs:put"),
        Command(name="sweep", handler=f"{_HERE}.jobs:sweep"),
        Command(name="scrub", handler=f"{_HERE}.jobs:scrub"),
        Command(name="keys", handler=f"{_HERE}.jobs:keys"),
        Command(name="mend", handler=f"{_HERE}.jobs:mend"),
        Command(name="check", handler=f"{_HERE}.jobs:check"),
    ),
    subscriptions=(
        Subscription(
            name="drive-index",
            types=ALL_EVENTS | {INDEX_WANTED},
            of_many=f"{_HERE}.events:on_changes",
        ),
    ),
    cli=f"{_HERE}.cli:add_commands",
    offers={
        "synfonium.apps.fabric.contract.index:Shares": f"{_HERE}.service.readable:readable",
        "synfonium.apps.fabric.contract.ledger:Lettings": f"{_HERE}.service.letting:lettings",
    },
    pass_acts={"drive.hand_over": _("handed your drive over to somebody else")},
    config=f"{_HERE}.config:DriveConfig",
    places=(
        Place(group="administration", part=_("People"), path="/admin/reports", title=_("Reports"), order=27),
        Place(group="administration", part=_("People"), path="/admin/drives", title=_("Drives"), order=28),
        Place(group="administration", part=_("State"), path="/admin/storage", title=_("Storage"), order=12),
    ),
    scopes={
        "drive.read": _("See and download your files"),
        "drive.write": _("Add, change and remove your files"),
    },
)
