"""What a process of the house is made of."""

from pathlib import Path

import msgspec

from synfonium.kernel.config import HouseConfig, Settings
from synfonium.kernel.context import Engines
from synfonium.ports.bus import EventBus
from synfonium.ports.clock import Clock
from synfonium.ports.mailer import Mailer
from synfonium.ports.secrets import SecretBox


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What the composition root gives: the home, its settings and the engines picked."""

    home: Path
    settings: Settings
    engines: Engines
    bus: EventBus
    mailer: Mailer
    secrets: SecretBox
    clock: Clock

    @property
    def config(self) -> HouseConfig:
        return self.settings.house
