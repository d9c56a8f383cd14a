"""PATCH as RFC 7644 has it, and as directories in use send it."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfonium.libraries.scim.errors import ScimError
from synfonium.libraries.scim.filters import Names
from synfonium.libraries.scim.patch import PATCH, Shape, apply_patch

ATTRIBUTES = (
    "userName",
    "displayName",
    "name",
    "familyName",
    "givenName",
    "emails",
    "value",
    "type",
    "primary",
)
SHAPE = Shape(
    names=Names(
        {name.lower(): name for name in (*ATTRIBUTES, "id", "groups")},
        frozenset(),
        frozenset(),
        frozenset({"urn:x:user"}),
    ),
    own=frozenset({"userName", "displayName", "name", "emails"}),
    many=frozenset({"emails", "groups"}),
    read_only=frozenset({"id", "groups"}),
    required=frozenset({"userName"}),
)
WORK, HOME = {"value": "a@work", "type": "work", "primary": True}, {"value": "a@home", "type": "home"}
ADA: dict[str, Any] = {"id": "1", "userName": "ada", "name": {"familyName": "L"}, "emails": [WORK, HOME]}


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(ADA)
    found = apply_patch(ADA, {"schemas": [PATCH], "Operations": list(operations)}, SHAPE)
    assert before == ADA
    return found


def test_values_are_added_replaced_and_removed() -> None:
    assert patched({"op": "Add", "path": "displayName", "value": "A"})["displayName"] == "A"
    assert patched({"op": "replace", "value": {"USERNAME": "b", "name": {"givenName": "G"}}})["name"] == {
        "givenName": "G"
    }
    assert patched({"op": "add", "path": "name", "value": {"givenName": "G"}})["name"] == {
        "familyName": "L",
        "givenName": "G",
    }
    assert patched({"op": "replace", "path": "urn:x:user:name.familyName", "value": "M"})["name"] == {
        "familyName": "M"
    }
    assert "name" not in patched({"op": "remove", "path": "name"})
    assert patched({"op": "remove", "path": "name.familyName"})["name"] == {}


def test_values_of_many_are_chosen_by_a_filter() -> None:
    changed = patched({"op": "replace", "path": 'emails[type eq "home"].value', "value": "b@home"})
    assert changed["emails"] == [WORK, {"value": "b@home", "type": "home"}]
    assert patched({"op": "remove", "path": 'emails[type eq "work"]'})["emails"] == [HOME]
    added = patched({"op": "add", "path": 'emails[type eq "other"].value', "value": "c@x"})
    assert added["emails"][2] == {"type": "other", "value": "c@x"}


def test_one_value_is_primary() -> None:
    added = patched({"op": "add", "path": "emails", "value": {"value": "c@x", "primary": True}})
    assert [one.get("primary") for one in added["emails"]] == [False, False, True]
    moved = patched({"op": "replace", "path": 'emails[type eq "home"].primary', "value": True})
    assert [one["primary"] for one in moved["emails"]] == [False, True]


def test_adding_what_is_there_changes_nothing() -> None:
    assert patched({"op": "add", "path": "emails", "value": [HOME]})["emails"] == [WORK, HOME]


def test_values_to_remove_may_stand_beside_the_path() -> None:
    operation = {"op": "Remove", "path": "emails", "value": [{"value": "a@work", "type": "work"}]}
    assert patched(operation)["emails"] == [HOME]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "id", "value": "2"}, "mutability"),
        ({"op": "add", "path": "groups", "value": []}, "mutability"),
        ({"op": "remove", "path": 'emails[type eq "x"]'}, "noTarget"),
        ({"op": "replace", "path": 'emails[type eq "x"].value', "value": "y"}, "noTarget"),
        ({"op": "add", "path": "a b", "value": 1}, "invalidPath"),
        ({"op": "add", "path": "emails[", "value": 1}, "invalidPath"),
        ({"op": "add", "path": 3, "value": 1}, "invalidPath"),
        ({"op": "add", "path": "displayName"}, "invalidValue"),
        ({"op": "add", "value": "x"}, "invalidValue"),
        ({"op": "move", "path": "displayName"}, "invalidSyntax"),
        ({"op": "replace", "path": "userName.x", "value": 1}, "invalidPath"),
    ],
)
def test_what_cannot_be_done_is_refused_in_scims_words(operation: dict[str, Any], kind: str) -> None:
    with pytest.raises(ScimError) as refused:
        patched(operation)
    assert (refused.value.status, refused.value.kind) == (400, kind)


_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from([*ATTRIBUTES, "emails"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ATTRIBUTES, "op", "path"]) | st.text(max_size=4), inner, max_size=4
        )
    ),
    max_leaves=12,
)
_PATHS = st.sampled_from(
    [*ATTRIBUTES, 'emails[type eq "work"]', "emails.value", "name.x", "[", "emails[value pr].type"]
)
_OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "x"])},
    optional={"path": _PATHS | st.text(max_size=10), "value": _ANY},
)


@given(st.lists(_OPERATIONS | _ANY, max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_operations_are_done_or_refused(operations: list[Any]) -> None:
    try:
        found = apply_patch(ADA, {"schemas": [PATCH], "Operations": operations}, SHAPE)
    except ScimError:
        return
    assert found["id"] == "1"
