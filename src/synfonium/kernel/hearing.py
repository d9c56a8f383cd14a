"""Which installed app may hear of what other apps tell."""

from typing import Protocol

from synfonium.kernel.app import App


class Hearing(Protocol):
    """Asked of every app before anything is told to anybody; offered in every process."""

    def check(self, app: App) -> None:
        """Raises ConfigError for an app whose subscriptions are not what it says of itself."""
        ...
