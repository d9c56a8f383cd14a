"""What every check may look at."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from synfonium.apps.operations.contract import Finding, State
from synfonium.kernel.calls import Caller
from synfonium.kernel.config import Settings
from synfonium.kernel.context import Context, Engines


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """engines: to read alone. call: a server that holds the home now, None when there is
    none; contexts: every app's, when there is none."""

    home: Path
    settings: Settings
    engines: Engines
    now_s: float
    call: Caller | None = None
    contexts: Mapping[str, Context] = {}

    @property
    def is_served(self) -> bool:
        return self.call is not None


def finding(check: str, state: State, said: str, remedy: str = "", **values: object) -> Finding:
    return Finding(
        check=f"operations.{check}",
        state=state,
        said=said,
        remedy=remedy,
        values={key: str(value) for key, value in values.items()},
    )
