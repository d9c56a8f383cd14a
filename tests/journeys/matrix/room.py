"""All that a cell needs: the home, its people, and each app as it gives and as it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.journeys.matrix.cells import App, keeper
from tests.journeys.matrix.givers import Giver, Thing
from tests.journeys.matrix.takers import HelloTakes, Led, SearchTakes, Taker, Writer
from tests.journeys.matrix.world import Somebody


@dataclass
class Room:
    """givers, takers, led, writers: by the app's name. done: by pair, the verbs that were done."""

    ana: Somebody
    bob: Somebody
    apps: Mapping[str, App]
    givers: Mapping[str, Giver]
    takers: Mapping[str, Taker]
    led: Mapping[str, Led]
    writers: Mapping[str, Writer]
    hello: HelloTakes
    search: SearchTakes
    done: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def things(self, one: App, faces: Sequence[str]) -> list[Thing]:
        """A new thing of Ana's of each of these kinds."""
        return [self.givers[one.name].thing(self.ana, face) for face in sorted(faces)]

    def keeper(self, one: App) -> App:
        """Whose things they are that `one` gives."""
        return keeper(one, [*self.apps.values()]) or one
