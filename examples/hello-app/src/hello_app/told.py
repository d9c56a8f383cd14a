# SPDX-License-Identifier: Apache-2.0
"""Calls that the installation makes to Hello: about objects, to act, to tell facts. Each is held
against the webhook secret before anything in it is believed (Standard Webhooks)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
from synfonium_client import Refused
from synfonium_client.webhooks import Forged, verify

from hello_app import telling
from hello_app.known import Known
from hello_app.notes import LONGEST, NoRoom, Notes
from hello_app.objects import NoSuchThing, Objects
from hello_app.settings import Settings

CALLS = ("/objects/", "/actions/", "/hooks")
Answer = tuple[HTTPStatus, dict[str, Any]]


class Told:
    def __init__(self, settings: Settings, objects: Objects, notes: Notes, known: Known) -> None:
        self._settings, self._objects, self._notes, self._known = settings, objects, notes, known

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            told = verify(self._settings.webhook_secret, headers, body)
        except (Forged, ValueError):
            return HTTPStatus.UNAUTHORIZED, {"error": "the signature is not the installation's"}
        if not isinstance(told, dict):
            return HTTPStatus.BAD_REQUEST, {"error": "an object is wanted"}
        try:
            return HTTPStatus.OK, self._answer(path, told, headers.get("webhook-id", ""))
        except NoSuchThing:
            return HTTPStatus.NOT_FOUND, {"error": "there is no such thing"}
        except NoRoom:
            return HTTPStatus.CONFLICT, {"error": "no more notes can be kept"}

    def _answer(self, path: str, told: dict[str, Any], message_id: str) -> dict[str, Any]:
        if path.startswith("/objects/"):
            return self._objects.answer(path.removeprefix("/objects/"), told)
        if path == "/actions/write_note":
            return self._write(told)
        if path == "/hooks":
            return self._hear(told, message_id)
        raise NoSuchThing

    def _write(self, told: dict[str, Any]) -> dict[str, Any]:
        """The action hello.write_note. Its input fits the schema of our manifest already."""
        note = self._notes.write(str(told["person"]), str(told["input"]["text"])[:LONGEST])
        if token := self._known.token_of(note.owner):
            try:
                telling.tell_written(note, token, self._settings)
            except (Refused, httpx.HTTPError) as refusal:
                print(f"the installation was not told: {refusal}", flush=True)
        return {"object": note.address, "page": "/"}

    def _hear(self, fact: dict[str, Any], message_id: str) -> dict[str, Any]:
        if self._known.is_new(message_id) and fact.get("type") == "drive.file.written":
            self._known.changed(str(fact.get("person", "")), [str(fact.get("subject", ""))])
        return {}
