"""The frame around all apps: start page, home, list of apps, settings."""

from synfonium.kernel.app import App, Command, Place
from synfonium.kernel.i18n import _

app = App(
    name="shell",
    title=_("Home"),
    role="web",
    doors="synfonium.apps.shell.http:doors",
    places=(Place(group="settings", path="/settings", title=_("My account"), order=10),),
    cli="synfonium.apps.shell.cli:add_commands",
    commands=(Command(name="demo", handler="synfonium.apps.shell.jobs:demo"),),
)
