"""Operations: an installation that can be lived with: backups, restores, upgrades, health."""

from synfonium.kernel.app import App, Command, Place, Subscription
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.operations"

app = App(
    name="operations",
    title=_("Operations"),
    role="worker",
    http_role="web",
    service=f"{_HERE}.service.open:open_service",
    doors=f"{_HERE}.http:doors",
    migrations=True,
    subscriptions=(
        Subscription(
            name="operations-runs",
            types=frozenset({"operations.run.wanted"}),
            handler=f"{_HERE}.events:on_run_wanted",
        ),
    ),
    commands=(
        Command(name="backup", handler=f"{_HERE}.commands:backup"),
        Command(name="want", handler=f"{_HERE}.commands:want"),
        Command(name="check_up", handler=f"{_HERE}.commands:check_up"),
        Command(name="doctor", handler=f"{_HERE}.commands:doctor"),
        Command(name="vitals", handler=f"{_HERE}.commands:vitals"),
        Command(name="now", handler=f"{_HERE}.commands:now"),
    ),
    places=(
        Place(group="administration", part=_("State"), path="/admin", title=_("Health"), order=10),
        Place(group="administration", part=_("State"), path="/admin/backups", title=_("Backups"), order=14),
    ),
    cli=f"{_HERE}.cli:add_commands",
    config=f"{_HERE}.config:OperationsConfig",
)
