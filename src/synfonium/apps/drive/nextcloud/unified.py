"""One search field for all, as the apps of Nextcloud's have it: here it finds files by their names."""

from collections.abc import Mapping, Sequence

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.query import Compare, Query
from synfonium.apps.drive.nextcloud.ask import Ask, OcsRefused
from synfonium.apps.drive.service.previews import shown_of

PROVIDERS = ("search", "providers")
FILES = (*PROVIDERS, "files", "search")
NAME = "Drive"
LIMIT = 25
MOST_LIMIT = 100
LAST = 900
LONGEST_TERM = 200


async def providers(ask: Ask) -> list[Mapping[str, object]]:
    return [
        {
            "id": "files",
            "appId": "files",
            "name": NAME,
            "icon": f"{ask.context.site.public_url}/favicon.ico",
            "order": 5,
            "triggers": ["files"],
            "filters": {"term": "string"},
            "inAppSearch": False,
        }
    ]


async def files(ask: Ask) -> Mapping[str, object]:
    """`term`: a part of a name; `cursor`: how many were told before. The latest first."""
    term = ask.given.get("term", "").strip()
    limit = min(max(_number(ask, "limit", LIMIT), 1), MOST_LIMIT)
    skip = _number(ask, "cursor", 0)
    found = await _found(ask, term, limit + 1, skip) if term else []
    has_more = len(found) > limit
    return {
        "name": NAME,
        "isPaginated": has_more,
        "entries": [_entry(ask, path) for path in found[:limit]],
        "cursor": skip + limit if has_more else None,
    }


async def _found(ask: Ask, term: str, limit: int, skip: int) -> Sequence[list[Node]]:
    """Paths from the topmost folder down."""
    if len(term) > LONGEST_TERM or "\0" in term:
        raise OcsRefused(400, "term")
    top = await ask.service.tree.top(ask.person)
    # What stands for any characters stands for itself, or for any one.
    where = Compare("name", "like", f"%{term.replace('%', '_')}%")
    query = Query(where=where, order=(("modified_s", True),), limit=limit, skip=skip)
    return await ask.service.finding.find(ask.person, top.id, query)


def _entry(ask: Ask, path: Sequence[Node]) -> Mapping[str, object]:
    home, node = ask.context.site.public_url, path[-1]
    above = "/".join(step.name for step in path[1:-1])
    picture = f"{home}/index.php/core/preview?x=32&y=32&fileId={node.number}" if shown_of(node) else ""
    return {
        "thumbnailUrl": picture,
        "title": node.name,
        "subline": above,
        "resourceUrl": f"{home}/index.php/f/{node.number}",
        "icon": "icon-file" if node.is_file else "icon-folder",
        "rounded": False,
        "attributes": {
            "fileId": str(node.number),
            "path": f"/{above}/{node.name}" if above else f"/{node.name}",
        },
    }


def _number(ask: Ask, name: str, otherwise: int) -> int:
    text = ask.given.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= LAST):
        raise OcsRefused(400, name)
    return int(text)
