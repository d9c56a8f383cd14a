"""PC: a personal computer in the cloud, streamed to the browser."""

from synfonium.apps.fabric.contract import GRANT_GIVEN, GRANT_REVOKED
from synfonium.kernel.app import App, Command, Mount, Subscription
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.pc"

app = App(
    name="pc",
    title=_("PC"),
    summary=_("A computer of your own, in any browser."),
    path="/pc",
    icon="monitor",
    order=30,
    role="gateway",
    service=f"{_HERE}.service:open_service",
    doors=f"{_HERE}.http.doors:doors",
    mounts=(Mount("/pc/stream", f"{_HERE}.stream.door:asgi_app"),),
    migrations=True,
    remade=("images", "machines/*/sockets", "machines/*/mounts", "machines/*/cache"),
    personal=f"{_HERE}.service.personal:part",
    subscriptions=(
        Subscription(
            name="pc-live-folders",
            types=frozenset({GRANT_GIVEN, GRANT_REVOKED}),
            handler=f"{_HERE}.events:on_grant",
        ),
    ),
    commands=(
        Command(name="image_build", handler=f"{_HERE}.commands:image_build"),
        Command(name="image_list", handler=f"{_HERE}.commands:image_list"),
        Command(name="create", handler=f"{_HERE}.commands:create"),
        Command(name="start", handler=f"{_HERE}.commands:start"),
        Command(name="stop", handler=f"{_HERE}.commands:stop"),
        Command(name="delete", handler=f"{_HERE}.commands:delete"),
        Command(name="object_describe", handler=f"{_HERE}.commands:object_describe"),
        Command(name="object_children", handler=f"{_HERE}.commands:object_children"),
        Command(name="glance", handler=f"{_HERE}.commands:glance"),
        Command(name="act_start", handler=f"{_HERE}.commands:act_start"),
        Command(name="act_stop", handler=f"{_HERE}.commands:act_stop"),
        Command(name="list", handler=f"{_HERE}.commands:list_machines"),
    ),
    cli=f"{_HERE}.cli:add_commands",
    config=f"{_HERE}.config:PcConfig",
)
