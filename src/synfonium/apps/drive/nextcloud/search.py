"""SEARCH with `d:basicsearch` (RFC 5323), as the apps ask for names, kinds, times and favourites."""

import re
from datetime import datetime

from synfonium.apps.drive.model.query import AllOf, AnyOf, Compare, Condition, Field, Not, Operator, Query
from synfonium.apps.drive.nextcloud.properties import NC, OC, USUAL
from synfonium.apps.drive.nextcloud.report import answer_paths
from synfonium.apps.drive.nextcloud.request import NextcloudRequest, files_target
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Receive, Scope, Send, read_body
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed, TooLarge
from synfonium.libraries.webdav.body import DAV, BadBody, Element, read_xml

BODY_BYTES = 64 * 1024
MOST_CONDITIONS = 100
MOST_TEXT = 500
MOST_DIGITS = 15
DEFAULT_LIMIT = 100
# Some programs ask by `oc:id`, which begins with the number.
_LONG_ID = re.compile(r"^(\d{8,})oc[0-9a-z]{10}$")
FIELDS: dict[tuple[str, str], Field] = {
    (DAV, "displayname"): "name",
    (DAV, "getcontenttype"): "media_type",
    (DAV, "getlastmodified"): "modified_s",
    (NC, "metadata-photos-original_date_time"): "taken_s",
    (DAV, "getcontentlength"): "size_bytes",
    (OC, "size"): "size_bytes",
    (OC, "fileid"): "number",
    (OC, "favorite"): "is_favorite",
}
OPERATORS: dict[str, Operator] = {
    "eq": "eq",
    "lt": "lt",
    "gt": "gt",
    "lte": "lte",
    "gte": "gte",
    "like": "like",
}


async def answer(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] != "SEARCH":
        raise MethodNotAllowed
    body = await read_body(receive, BODY_BYTES)
    if body is None:
        raise TooLarge
    search = _one(read_xml(body), "basicsearch")
    asked = tuple(dict.fromkeys(child.tag for child in _one(_one(search, "select"), "prop").children))
    target = files_target(_scope(search).encode(), actor)
    request = NextcloudRequest(context.service, actor, target, scope, receive, send)
    folder = await request.found()
    paths = await request.service.finding.find(actor, folder.id, _query(search))
    await answer_paths(request, asked or USUAL, paths)


def _scope(search: Element) -> str:
    """The folder that is searched, as a path of ours. Raises BadBody."""
    href = _one(_one(_one(search, "from"), "scope"), "href").text.strip()
    path = href.removeprefix("/remote.php/dav").removeprefix("/remote.php/webdav")
    if not path.isascii() or not path.startswith("/files/"):
        raise BadBody("scope")
    return f"/remote.php/dav{path}"


def _query(search: Element) -> Query:
    where = search.child("where")
    limit = search.child("limit")
    condition = _Reader().read(where.children[0]) if where and where.children else None
    return Query(
        where=condition,
        order=_order(search.child("orderby")),
        limit=_count(limit, "nresults", DEFAULT_LIMIT),
        skip=_count(limit, "firstresult", 0),
    )


def _order(orderby: Element | None) -> tuple[tuple[Field, bool], ...]:
    found: list[tuple[Field, bool]] = []
    for one in (orderby.children if orderby else [])[:5]:
        field = FIELDS.get(_property(one))
        if field:
            found.append((field, one.child("descending") is not None))
    return tuple(found)


def _count(limit: Element | None, name: str, default: int) -> int:
    found = next((c for c in limit.children if c.tag[1] == name), None) if limit else None
    return int(_number(found.text)) if found is not None else default


class _Reader:
    """Reads conditions, and counts them."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, element: Element) -> Condition:
        """Raises BadBody."""
        self._count += 1
        if self._count > MOST_CONDITIONS:
            raise BadBody("too many conditions")
        namespace, name = element.tag
        if namespace != DAV:
            raise BadBody("a condition that is not known here")
        if name in ("and", "or") and element.children:
            of = tuple(self.read(child) for child in element.children)
            return AllOf(of) if name == "and" else AnyOf(of)
        if name == "not" and element.children:
            return Not(self.read(element.children[0]))
        if name == "is-collection":
            return Compare("is_folder", "eq", 1)
        if name in OPERATORS:
            return _compare(element, OPERATORS[name])
        raise BadBody("a condition that is not known here")


def _compare(element: Element, operator: Operator) -> Condition:
    name, text = _property(element), _one(element, "literal").text.strip()
    field = FIELDS.get(name)
    if name == (OC, "owner-id"):  # all that is here is the person's
        return AllOf(())
    if field is None or len(text) > MOST_TEXT or "\0" in text:
        raise BadBody("a property that cannot be searched")
    if field in ("name", "media_type"):
        return Compare(field, operator, text)
    if operator == "like":
        raise BadBody("like compares texts")
    if field == "is_favorite":
        return Compare(field, "eq", int(text in ("1", "yes", "true")))
    if field == "number":
        text = _LONG_ID.sub(r"\1", text)
    is_time = field in ("modified_s", "taken_s")
    return Compare(field, operator, _time(text) if is_time else _number(text))


def _property(element: Element) -> tuple[str, str]:
    prop = _one(element, "prop")
    if not prop.children:
        raise BadBody("prop")
    return prop.children[0].tag


def _number(text: str) -> float:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadBody("not a number")
    return int(text)


def _time(text: str) -> float:
    """Seconds, with a fraction or without, or a time with its zone."""
    whole, dot, fraction = text.partition(".")
    if whole.isdigit() and (not dot or (fraction.isascii() and fraction.isdigit())):
        return _number(whole)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise BadBody("not a time") from None


def _one(element: Element, name: str) -> Element:
    found = element.child(name)
    if found is None:
        raise BadBody(f"no {name}")
    return found
