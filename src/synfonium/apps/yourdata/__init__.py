"""A person's data: taken out, taken in, destroyed; and what is kept of whom, in plain words."""

from synfonium.kernel.app import App, Command, Mount, Place
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.yourdata"
_COMMANDS = f"{_HERE}.commands"

app = App(
    name="yourdata",
    title=_("Your data"),
    summary=_("Take everything with you, or have it destroyed."),
    order=90,
    role="worker",
    http_role="web",
    service=f"{_HERE}.service:open_service",
    doors=f"{_HERE}.http.doors:doors",
    mounts=(Mount("/settings/data/archive", f"{_HERE}.http.download:asgi_app"),),
    migrations=True,
    remade=("archives",),
    sealed_columns={
        "yourdata_arrival.sealed_key": "yourdata/arrival/{person}",
        "yourdata_mail.sealed": "mail.yourdata",
    },
    personal=f"{_HERE}.service.own:part",
    commands=(
        Command(name="export", handler=f"{_COMMANDS}:export"),
        Command(name="import", handler=f"{_COMMANDS}:take_in"),
        Command(name="erase", handler=f"{_COMMANDS}:erase"),
        Command(name="ask_archive", handler=f"{_COMMANDS}:ask_archive"),
        Command(name="drop_archive", handler=f"{_COMMANDS}:drop_archive"),
        Command(name="leave", handler=f"{_COMMANDS}:leave"),
        Command(name="stay", handler=f"{_COMMANDS}:stay"),
        Command(name="processing", handler=f"{_COMMANDS}:processing"),
        Command(name="receipt_key", handler=f"{_COMMANDS}:receipt_key"),
    ),
    cli=f"{_HERE}.cli:add_commands",
    config=f"{_HERE}.config:YourdataConfig",
    offers={"synfonium.apps.identity.contract:Leaving": f"{_HERE}.service.leaving:leaving"},
    pass_acts={
        "yourdata.archive.look": _("looked whether a copy of your data is ready"),
        "yourdata.archive.ask": _("had a copy made of all your data"),
        "yourdata.archive.take": _("took a copy of all your data"),
    },
    places=(Place(group="settings", path="/settings/data", title=_("Your data"), order=60),),
)
