"""Messages around resources: lists, versions, and which attributes are returned."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from synfonium.libraries.scim.errors import invalid_value
from synfonium.libraries.scim.filters import Filter, Names, parse_attribute, parse_filter, values_of

__all__ = ["LIST", "Query", "list_response", "moment", "projected", "query_of", "sort_key", "version_of"]

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
ALWAYS = frozenset({"schemas", "id"})
MOST_RESULTS = 1_000
USUAL_RESULTS = 100


@dataclass(frozen=True)
class Query:
    """What a client wants to see (RFC 7644, section 3.4.2). start counts from 1."""

    filter: Filter | None = None
    start: int = 1
    count: int = USUAL_RESULTS
    sort_by: str = ""
    is_descending: bool = False
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def query_of(given: Mapping[str, Any], names: Names) -> Query:
    """From query parameters or a SearchRequest. Raises ScimError."""
    text = given.get("filter")
    if text is not None and not isinstance(text, str):
        raise invalid_value("A filter is a text.")
    order = str(given.get("sortOrder") or "ascending").lower()
    if order not in ("ascending", "descending"):
        raise invalid_value("An order is ascending or descending.")
    return Query(
        filter=parse_filter(text, names) if text else None,
        start=max(1, _number(given.get("startIndex"), 1)),
        count=min(MOST_RESULTS, max(0, _number(given.get("count"), USUAL_RESULTS))),
        sort_by=str(parse_attribute(str(given["sortBy"]), names)) if given.get("sortBy") else "",
        is_descending=order == "descending",
        attributes=_paths(given.get("attributes"), names),
        excluded=_paths(given.get("excludedAttributes"), names),
    )


def _number(value: Any, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise invalid_value("A number was expected.") from None
    return max(-1, min(number, 2**31))


def _paths(value: Any, names: Names) -> tuple[str, ...]:
    if not value:
        return ()
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or len(words) > 100:
        raise invalid_value("Attributes are a list of names.")
    return tuple(str(parse_attribute(str(word).strip(), names)) for word in words if str(word).strip())


def list_response(resources: Sequence[Any], total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def sort_key(sort_by: str, names: Names) -> Callable[[Mapping[str, Any]], tuple[bool, str]]:
    """Orders resources by the first value at a path; those without one come last."""
    attribute = parse_attribute(sort_by, names)

    def key(resource: Mapping[str, Any]) -> tuple[bool, str]:
        found = values_of(resource, attribute)
        text = str(found[0]) if found else ""
        return not found, text if sort_by in names.exact else text.casefold()

    return key


def projected(resource: Mapping[str, Any], query: Query) -> dict[str, Any]:
    """The attributes that were asked for; `id` and `schemas` always (RFC 7644, section 3.9)."""
    if query.attributes:
        return _only(resource, query.attributes)
    if not query.excluded:
        return dict(resource)
    shown = dict(resource)
    for path in query.excluded:
        name, _dot, sub = path.partition(".")
        if name in ALWAYS:
            continue
        if not sub:
            shown.pop(name, None)
        elif name in shown:
            shown[name] = _parts(shown[name], {sub}, is_wanted=False)
    return shown


def _only(resource: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    wanted: dict[str, set[str]] = {}
    for path in paths:
        name, _dot, sub = path.partition(".")
        wanted.setdefault(name, set()).add(sub)
    shown = {name: value for name, value in resource.items() if name in ALWAYS}
    for name, subs in wanted.items():
        if name not in resource or name in ALWAYS:
            continue
        value = resource[name]
        shown[name] = value if "" in subs else _parts(value, subs, is_wanted=True)
    return shown


def _parts(value: Any, names: set[str], *, is_wanted: bool) -> Any:
    """A complex value, or several, with only the named parts, or without them."""
    if isinstance(value, list):
        return [_parts(one, names, is_wanted=is_wanted) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if (name in names) == is_wanted}


def version_of(resource: Mapping[str, Any]) -> str:
    """A weak entity tag that changes with anything in the resource (RFC 7644, section 3.14)."""
    text = json.dumps(resource, separators=(",", ":"), sort_keys=True)
    return f'W/"{hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()}"'


def moment(time_s: float) -> str:
    """RFC 7643, section 2.3.5, in UTC to the millisecond."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
