"""Which commands exist, and which role runs each."""

from functools import cache

from synfonium.common.problem import NotFound
from synfonium.kernel.app import App, Command, Role, installed_apps


@cache
def _all() -> dict[str, tuple[App, Command]]:
    return {
        f"{app.name}.{command.name}": (app, command) for app in installed_apps() for command in app.commands
    }


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
