"""One thing is done at once; in a flow of many nobody waits for a single one."""

import pytest

from synfonium.kernel import gathering
from synfonium.kernel.gathering import Gathering


class Clock:
    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(gathering, "time", clock)
    return clock


def test_waits_grow_while_more_comes_and_begin_anew_after_a_pause(clock: Clock) -> None:
    waits = Gathering(0.1, 0.4)
    found = []
    for pause_s in (0.0, 0.2, 0.9, 0.0, 1.1, 0.5):
        clock.now_s += pause_s
        found.append(waits.next_s())
        clock.now_s += found[-1]
    assert found == pytest.approx([0.1, 0.2, 0.4, 0.4, 0.1, 0.2])


def test_who_gathers_nothing_never_waits(clock: Clock) -> None:
    waits = Gathering(0.0, 0.0)
    assert [waits.next_s(), waits.next_s()] == [0.0, 0.0]
