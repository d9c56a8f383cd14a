"""SIGKILL at any moment of PUT, bulk, chunks, MOVE and DELETE: nothing acknowledged is lost or altered."""

from pathlib import Path

import pytest

from .killing.ledger import judge
from .killing.rounds import killed

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
# benchmarks/how_often_can_it_be_killed.py does 1 000.
KILLS = 10


def test_nothing_acknowledged_is_lost_however_often_the_server_is_killed(tmp_path: Path) -> None:
    with killed(tmp_path) as server:
        while server.kills < KILLS:
            server.round()
        assert sum(server.counts().values()) > KILLS


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a": "1"}, "lost"),
        ({"a": "1", "b": "3"}, "altered"),
        ({"a": "1", "b": "2", "c": "1"}, "there again"),
        ({"b": "4"}, "lost"),
        ({"a": "1", "b": "2", "x": "1"}, "nobody made"),
    ],
)
def test_a_loss_is_seen(found: dict[str, str | None], said: str) -> None:
    """While `a` is moved to where `b` stands, and `c` is gone."""
    before = {"a": "1", "b": "2", "c": None}
    assert judge(before, [{"a": None, "b": "1"}], {"b": "1"}) == {"a": None, "b": "1", "c": None}
    with pytest.raises(AssertionError, match=said):
        judge(before, [{"a": None, "b": "1"}], found)
