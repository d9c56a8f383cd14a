"""What other engines found, beside our own, on pages and in the API."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.search.http.asking import Asked
from synfonium.apps.search.http.results import PictureAddress, Result, Shown, result
from synfonium.apps.search.service.federation.engine import Vertical
from synfonium.apps.search.service.federation.merging import Merged, merge
from synfonium.apps.search.service.federation.open import OutsideSearch
from synfonium.apps.search.service.federation.words import Outside
from synfonium.ports.index import IndexHit

_VERTICALS: dict[str, Vertical] = {"web": "web", "news": "news"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One result of a page: ours as it is shown, or what another engine found; and from where."""

    shown: Shown | None
    found: Merged


class OutsideView(msgspec.Struct, frozen=True, kw_only=True):
    """told: who was asked. lines: all results in one order; none when nobody was asked.
    titles: who could be asked and was not."""

    told: Outside = Outside()
    lines: tuple[Line, ...] = ()
    titles: tuple[str, ...] = ()


async def ask_outside(outside: OutsideSearch, given: Asked) -> Outside:
    """What others say where they may be asked: by wish, or for everybody by the operator's."""
    vertical = _vertical(given)
    if vertical is None or not given.question.query:
        return Outside()
    asked = given.question
    return await outside.ask(asked.query, asked.lang, asked.page, vertical, wished=given.is_outside)


def view(
    outside: OutsideSearch, given: Asked, told: Outside, hits: Sequence[IndexHit], shown: Sequence[Shown]
) -> OutsideView:
    """What the page of results shows of it; shown: our hits, in their order."""
    if not told.told:
        vertical = None if given.is_outside else _vertical(given)
        return OutsideView(titles=outside.titles(vertical) if vertical else ())
    ours = iter(shown)
    return OutsideView(
        told=told,
        lines=tuple(
            Line(shown=next(ours) if found.own else None, found=found) for found in _merged(given, told, hits)
        ),
    )


def merged_results(
    given: Asked, told: Outside, hits: Sequence[IndexHit], picture_address: PictureAddress
) -> tuple[Result, ...]:
    """As `view`, for programs."""
    return tuple(_result(found, picture_address) for found in _merged(given, told, hits))


def _vertical(given: Asked) -> Vertical | None:
    """What others know of this kind of search. They cannot be held to the strict filter or to a
    time, and the page for young people asks nobody."""
    asked = given.question
    if asked.safe == "strict" or asked.period or asked.only_hosts is not None:
        return None
    return _VERTICALS.get(asked.vertical.name)


def _merged(given: Asked, told: Outside, hits: Sequence[IndexHit]) -> list[Merged]:
    rule_for = given.question.preferences.rule_for
    found = merge(given.question.query, hits, told)
    return [one for one in found if one.own or rule_for(one.host) != "block"]


def _result(found: Merged, picture_address: PictureAddress) -> Result:
    if found.own:
        return msgspec.structs.replace(result(found.own, picture_address), sources=found.sources)
    assert found.foreign is not None
    hit = found.foreign
    return Result(
        url=hit.url,
        title=hit.title,
        snippet=hit.snippet,
        host=found.host,
        lang=hit.lang,
        sources=found.sources,
    )
