"""What a grant lets happen: only what it says, while it lasts, and all that it was cut from too."""

import pytest

from synfonium.apps.fabric.contract import Action, Grant, Limits
from synfonium.apps.fabric.model import covers
from synfonium.common.ids import AppName, GrantId, PersonId

FILE, FOLDER, ROOT = "drive:node/1", "drive:node/2", "drive:root"
PATH = (FILE, FOLDER, ROOT)
NOW_S = 1000.0


def grant(object_: str = FILE, *actions: Action, until_s: float = 0.0, uses: int = -1) -> Grant:
    return Grant(
        id=GrantId("g"),
        person=PersonId("ana"),
        app=AppName("hello"),
        subject="hello",
        object=object_,
        actions=frozenset(actions or ("read",)),
        limits=Limits(until_s=until_s, uses=uses),
        since_s=0.0,
    )


@pytest.mark.parametrize("object_", PATH)
def test_a_right_to_a_thing_is_a_right_to_what_lies_in_it(object_: str) -> None:
    assert covers([grant(object_)], PATH, "read", NOW_S)


def test_no_right_is_none() -> None:
    assert not covers([], PATH, "read", NOW_S)


LESS = {
    "another thing": grant("drive:node/3", "read", "write"),
    "what lies beside": grant("drive:node/11", "read", "write"),
    "another action": grant(FOLDER, "write"),
    "over": grant(FOLDER, "read", until_s=NOW_S),
}


@pytest.mark.parametrize("less", LESS.values(), ids=LESS)
def test_less_is_refused_by_the_grant_itself_and_by_each_that_it_was_cut_from(less: Grant) -> None:
    """Whatever the rows below say: one that was made too wide is not."""
    more = grant(FOLDER, "read", "write")
    assert not covers([less], PATH, "read", NOW_S)
    assert not covers([more, less], PATH, "read", NOW_S)
    assert not covers([more, more, less], PATH, "read", NOW_S)
    assert covers([more, more, more], PATH, "read", NOW_S)


def test_a_right_lasts_until_its_time_and_not_a_moment_longer() -> None:
    lasting = [grant(FOLDER, "read", until_s=NOW_S)]
    assert covers(lasting, PATH, "read", NOW_S - 0.001)
    assert not covers(lasting, PATH, "read", NOW_S)
