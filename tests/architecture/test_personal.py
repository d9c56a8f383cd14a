"""Nothing of a person is forgotten: it is given out and destroyed by somebody, and it ends when it says."""

import re
from importlib import import_module
from operator import attrgetter

import pytest
from sqlalchemy import Float, Table

from synfonium.kernel.app import App
from synfonium.kernel.personal_tables import declared, depth, owned, schema_of, tables_of

from .house import own_apps

APPS = pytest.mark.parametrize("app", own_apps(), ids=lambda app: app.name)
HOW = "see kernel/personal.py: add it to the table's info"
BOUNDED = re.compile(
    r"\b(\d+|one|a|few|some)? ?(seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b|expired"
)
# What nobody sweeps yet, and who will.
UNSWEPT: dict[str, str] = {}


def bounds(table: Table) -> list[str]:
    """Personal columns that end by themselves, as they say."""
    ends = {name: text.rsplit(";", 1)[-1] for name, text in declared(table).personal.items()}
    return [name for name, end in ends.items() if BOUNDED.search(end)]


@APPS
def test_every_personal_row_is_given_out_and_erased_or_says_why_not(app: App) -> None:
    tables = tables_of(app)
    for table in tables.values():
        said = declared(table)
        if not said.personal:
            continue
        assert bool(said.owner) != bool(said.kept), (
            f'{table.name} has personal columns: say whose by "owner" (the column with the person\'s id, or '
            f'(column, "table.column") of the row it hangs on), or by "kept" why they stay; {HOW}'
        )
        if said.owner:
            assert owned(table, tables, "somebody") is not None, table.name
            assert depth(table, tables) < 5, f"{table.name}: its owner is too far away"


@APPS
def test_every_bounded_time_is_kept_by_a_sweep(app: App) -> None:
    for table in tables_of(app).values():
        said, swept = declared(table), table.info.get("swept", "")
        if not bounds(table) or table.name in UNSWEPT or table.name.endswith("_audit"):
            continue
        assert said.ends or swept, (
            f'{table.name}.{bounds(table)} says when it ends: "ends": (column, seconds after it), '
            f'or "swept": the function that removes it; {HOW}'
        )
        if swept:
            module, _, name = swept.partition(":")
            assert callable(attrgetter(name)(import_module(module))), swept
        if said.ends:
            assert isinstance(table.c[said.ends[0]].type, Float), f"{table.name}: ends at a time in seconds"


@APPS
def test_columns_that_hold_secrets_are_never_given_out(app: App) -> None:
    for table in tables_of(app).values():
        said = declared(table)
        given = {column.name for column in table.columns if column.name not in said.secrets}
        assert set(schema_of(table)["properties"]) == given
        assert not [n for n in given if re.search(r"hash|sealed|secret|digest", n)], table.name


@APPS
def test_no_declaration_has_a_word_that_nobody_reads(app: App) -> None:
    known = {"personal", "owner", "secrets", "mentions", "ends", "kept", "swept", "orphans_go"}
    for table in tables_of(app).values():
        assert set(table.info) <= known, (
            f"{table.name}: {sorted(set(table.info) - known)} is not known; {HOW}"
        )
