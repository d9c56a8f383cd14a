"""What has been written down about who did what, and what the apps promise: looked at, tried, given out."""

from synfonium.kernel.app import App, Command, Place
from synfonium.kernel.i18n import _

_COMMANDS = "synfonium.apps.trust.commands"

app = App(
    name="trust",
    title=_("Trust"),
    role="web",
    service="synfonium.apps.trust.service.open:open_service",
    doors="synfonium.apps.trust.http:doors",
    places=(Place(group="administration", part=_("State"), path="/admin/audit", title=_("Audit"), order=60),),
    cli="synfonium.apps.trust.cli:add_commands",
    pass_acts={"trust.audit.follow": _("read in the audit what you did")},
    commands=(
        Command(name="check", handler=f"{_COMMANDS}:check"),
        Command(name="audit_verify", handler=f"{_COMMANDS}:audit_verify"),
        Command(name="audit_export", handler=f"{_COMMANDS}:audit_export"),
        Command(name="audit_key", handler=f"{_COMMANDS}:audit_key"),
        Command(name="report", handler=f"{_COMMANDS}:report"),
        Command(name="last_report", handler=f"{_COMMANDS}:last_report"),
    ),
)
