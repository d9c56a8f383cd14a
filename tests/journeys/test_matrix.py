"""Five apps by two: whatever the manifests of one pair let happen between them is done, is refused
without the right, and ends with it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser
from tests.journeys.matrix import following, reaching
from tests.journeys.matrix.cells import App, installed, matrix, read, table
from tests.journeys.matrix.givers import DriveGives, HelloGives, PcGives
from tests.journeys.matrix.room import Room
from tests.journeys.matrix.takers import HelloTakes, PcTakes, SearchTakes
from tests.journeys.matrix.unmodified import MEDIA_TYPE, Plain, RadicaleGives, RadicaleTakes
from tests.journeys.matrix.world import Somebody
from tests.journeys.radicale import HOW_TO, blocks, radicale
from tests.journeys.serving import serving
from tests.journeys.small_pc import SESSION, Pc
from tests.journeys.strangers import HELLO, LOCAL_APPS, hello_app

from synfonium.apps.fabric.contract.manifest import MANIFEST_FILE
from synfonium.apps.pc.model.recipe import shipped_recipes
from synfonium.apps.pc.tests.conftest import small_image

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

RADICALE = read(blocks(HOW_TO)["json"][0].encode(), writes=MEDIA_TYPE)
APPS = (*installed(), read((HELLO / MANIFEST_FILE).read_bytes()), RADICALE)
COMPUTED = matrix(APPS)
CELLS = [(pair, verb) for pair, verbs in COMPUTED.items() for verb in verbs]
WAYS: dict[str, Callable[[Room, App, App], None]] = {
    "pick": reaching.pick,
    "save": reaching.save,
    "share": reaching.share,
    "open": reaching.open_,
    "subscribe": following.subscribe,
    "query": following.query,
    "act": following.act,
    "rule": following.rule,
}


@pytest.fixture(scope="module")
def room(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str], chromium: Browser
) -> Iterator[Room]:
    for needed in ("bwrap", "rclone", "fusermount3"):
        program(needed)
    home = tmp_path_factory.mktemp("matrix") / "home"
    small_image(home / "apps" / "pc" / "images", shipped_recipes()[0], program("busybox"), SESSION)
    with ExitStack() as stack:
        server = stack.enter_context(serving(home, LOCAL_APPS))
        # An address and no name: the browser of these tests is a program, which looks no name up.
        stranger = stack.enter_context(hello_app(server, tmp_path_factory.mktemp("hello"), "127.0.0.1"))
        ana, bob = Somebody(server, "ana"), Somebody(server, "bob")
        stack.callback(ana.close)
        stack.callback(bob.close)
        hello = HelloTakes(server, stranger, ana)
        hello.come_in()
        calendars = RadicaleTakes(stack.enter_context(radicale(Plain(server))), ana)
        stack.callback(calendars.close)
        pc = PcTakes(ana, Pc(home, lambda *words: server.run(*words).stdout, "Matrix"))
        yield Room(
            ana=ana,
            bob=bob,
            apps={app.name: app for app in APPS},
            givers={
                "drive": DriveGives(),
                "pc": PcGives(server),
                "hello": HelloGives(),
                "radicale": RadicaleGives(calendars),
            },
            takers={"pc": pc, "hello": hello, "radicale": calendars},
            led={"pc": pc, "hello": hello},
            writers={"pc": pc, "radicale": calendars},
            hello=hello,
            search=SearchTakes(server, chromium),
        )
        for line in server.run("pc", "list").stdout.splitlines():
            server.run("pc", "delete", line.split("\t")[0])


@pytest.mark.parametrize(("pair", "verb"), CELLS, ids=[f"{a}-to-{b}-{verb}" for (a, b), verb in CELLS])
def test_what_two_manifests_let_happen_is_done_refused_and_ended(
    room: Room, pair: tuple[str, str], verb: str
) -> None:
    one, to = (room.apps[name] for name in pair)
    WAYS[verb](room, one, to)
    room.done.setdefault(pair, set()).add(verb)


def test_the_matrix_that_was_done_is_the_one_that_the_manifests_say(room: Room) -> None:
    print()
    print(table(APPS, {pair: sorted(verbs, key=list(WAYS).index) for pair, verbs in room.done.items()}))
    assert {pair: set(verbs) for pair, verbs in COMPUTED.items() if verbs} == room.done
