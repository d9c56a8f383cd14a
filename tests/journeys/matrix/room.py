"""All that a cell needs: the home, its people, and each app as it gives and as it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.journeys.matrix.cells import App
from tests.journeys.matrix.givers import Giver, PcGives, Thing
from tests.journeys.matrix.takers import HelloTakes, PcTakes, SearchTakes, Taker
from tests.journeys.matrix.world import Somebody
from tests.journeys.serving import Server


@dataclass
class Room:
    """givers, takers: by the app's name. done: by pair, the verbs that were done."""

    server: Server
    ana: Somebody
    bob: Somebody
    apps: Mapping[str, App]
    givers: Mapping[str, Giver]
    takers: Mapping[str, Taker]
    hello: HelloTakes
    pc: PcTakes
    machines: PcGives
    search: SearchTakes
    done: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def things(self, one: App, faces: Sequence[str]) -> list[Thing]:
        """A new thing of Ana's of each of these kinds."""
        return [self.givers[one.name].thing(self.ana, face) for face in sorted(faces)]
