# SPDX-License-Identifier: Apache-2.0
"""What Hello answers about its objects: describe, children, create. A note is a file, in the
collection of its person's notes."""

from collections.abc import Callable, Mapping
from typing import Any

from hello_app.notes import Note, Notes
from hello_app.settings import Settings

NOTES = "hello:notes"
PREFIX = "hello:note/"
MEDIA_TYPE = "text/plain"


class NoSuchThing(Exception):
    pass


class Objects:
    def __init__(self, notes: Notes, settings: Settings) -> None:
        self._notes, self._settings = notes, settings

    def answer(self, call: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        """Raises NoSuchThing; notes.NoRoom."""
        doors: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
            "describe": self._describe,
            "children": self._children,
            "create": self._create,
        }
        if call not in doors:
            raise NoSuchThing
        return doors[call](str(ask.get("person", "")), ask)

    def note(self, person: str, address: str) -> Note:
        """A person's own note. Raises NoSuchThing."""
        found = self._notes.one(address.removeprefix(PREFIX)) if address.startswith(PREFIX) else None
        if found is None or found.owner != person:
            raise NoSuchThing
        return found

    def _describe(self, person: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        address = str(ask.get("address", ""))
        return self._collection(person) if address == NOTES else self._shown(self.note(person, address))

    def _children(self, person: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        if ask.get("address") not in ("", NOTES):
            raise NoSuchThing
        word = str(ask.get("query", "")).lower()
        return {
            "parent": self._collection(person),
            "crumbs": [{"address": NOTES, "title": "Your notes"}],
            "items": [self._shown(note) for note in self._notes.of(person) if word in note.title.lower()],
        }

    def _create(self, person: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        if ask.get("address") not in ("", NOTES):
            raise NoSuchThing
        return self._shown(self._notes.write(person, "", str(ask.get("title", ""))))

    def _collection(self, person: str) -> dict[str, Any]:
        return {
            "address": NOTES,
            "interfaces": ["notes/1"],
            "owner": person,
            "title": "Your notes",
            "path": [NOTES],
            "may": ["read", "write", "use"],
            "page": f"{self._settings.origin}/",
        }

    def _shown(self, note: Note) -> dict[str, Any]:
        return {
            "address": note.address,
            "interfaces": ["file/1"],
            "owner": note.owner,
            "media_type": MEDIA_TYPE,
            "revision": note.revision,
            "title": note.title,
            "size_bytes": len(note.text.encode()),
            "modified_s": note.written_s,
            "path": [note.address, NOTES],
            "may": ["read", "write", "use"],
            "page": f"{self._settings.origin}/",
            "location": f"{self._settings.origin}/notes/{note.id}",
        }
