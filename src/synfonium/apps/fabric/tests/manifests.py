"""A good manifest for the tests, and ways to change it."""

import copy
from typing import Any

Path = tuple[str | int, ...]

GOOD: dict[str, Any] = {
    "id": "notes",
    "name": {"en": "Notes", "fr": "Carnet"},
    "description": "Pages of text.",
    "start_url": "/?from=start",
    "display": "standalone",
    "icons": [{"src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "maskable"}],
    "file_handlers": [{"action": "/open", "accept": {"text/markdown": [".md"], "text/*": []}}],
    "share_target": {
        "action": "/share",
        "method": "POST",
        "enctype": "multipart/form-data",
        "params": {"title": "name", "files": [{"name": "file", "accept": ["text/plain", ".md"]}]},
    },
    "protocol_handlers": [{"protocol": "web+notes", "url": "/open?address=%s"}],
    "synfonium": {
        "version": 1,
        "redirect_uris": ["/back", "http://127.0.0.1/back", "org.example.notes:/back"],
        "asks": {"file/1": ["read", "write"], "folder/1": ["read"]},
        "objects": {"kinds": {"page": {"title": "Page", "interfaces": ["file/1"]}}, "door": "/objects"},
        "opens": [{"interface": "link/1", "action": "/clip"}],
        "emits": [{"type": "notes.page.written", "title": "A page was written"}],
        "listens": {"types": ["drive.file.written"], "door": "/hooks"},
        "actions": [
            {
                "name": "notes.add_page",
                "title": "Add a page",
                "input": {
                    "type": "object",
                    "properties": {"text": {"type": "string", "maxLength": 100}},
                    "required": ["text"],
                },
                "door": "/actions/add_page",
            }
        ],
    },
}


def changed(path: Path, value: object) -> dict[str, Any]:
    """GOOD with one value; `...` removes it."""
    made = copy.deepcopy(GOOD)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made
