"""What a command gets that works on a home from outside: before it exists, while a server
holds it, or when it is broken."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from synfonium.kernel.calls import Caller
from synfonium.kernel.config import Settings

if TYPE_CHECKING:
    from synfonium.kernel.context import Context, Engines
    from synfonium.ports.vault import Vault


class Outside(Protocol):
    """`call` asks the server that holds the home; it raises RoleAway when there is none."""

    home: Path
    call: Caller

    def settings(self) -> Settings:
        """Raises ConfigError."""
        ...

    def vault(self, address: str, key: str) -> "Vault": ...
    def engines(self, home: Path, settings: Settings) -> "Engines":
        """Engines of any home, to read alone; whoever asks closes them."""
        ...

    def contexts(self) -> "dict[str, Context]":
        """Every app's context, to read alone: no service is open, no table is migrated."""
        ...
