"""Which commands exist, and which role runs each."""

from functools import cache

from synfonium.common.problem import NotFound
from synfonium.kernel.app import App, Command, Role, installed_apps

_PERSONAL = "synfonium.kernel.personal_commands"
# What every app that keeps something answers, by its tables and its part (kernel.personal).
IMPLIED = (
    Command(name="personal_bring", handler=f"{_PERSONAL}:bring"),
    Command(name="personal_erase", handler=f"{_PERSONAL}:erase"),
    Command(name="personal_scour", handler=f"{_PERSONAL}:scour"),
)


@cache
def _all() -> dict[str, tuple[App, Command]]:
    return {
        f"{app.name}.{command.name}": (app, command)
        for app in installed_apps()
        for command in (*app.commands, *(IMPLIED if keeps_something(app) else ()))
    }


def keeps_something(app: App) -> bool:
    """Whether the app may hold anything of a person: tables, or a part of its own."""
    return app.migrations or bool(app.personal)


def find_command(name: str) -> tuple[App, Command]:
    """The app and command behind `app.command`. Raises NotFound."""
    try:
        return _all()[name]
    except KeyError:
        raise NotFound from None


def role_of(name: str) -> Role:
    """The role that runs `app.command`. Raises NotFound."""
    app, command = find_command(name)
    return command.role or app.role
