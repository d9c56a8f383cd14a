# SPDX-License-Identifier: Apache-2.0
# Made by scripts/clients.py from /api/openapi.json; changes belong there.
"""Calls of the doors that apps may come in at."""

from __future__ import annotations

from typing import Any

from synfonium_client.base import Base
from synfonium_client.types import (
    ActBody,
    Allowed,
    Asking,
    CloudEvent,
    Delegating,
    Entries,
    FolderState,
    Found,
    FoundFiles,
    GrantTold,
    Held,
    IndexAnswer,
    IndexPush,
    Key,
    Made,
    Marks,
    MoveInProgress,
    Narrowing,
    ObjectTold,
    Offered,
    PlainNotice,
    Results,
    SoughtFiles,
    Token,
    Told,
    VaultForm,
)


class Synfonium(Base):
    """An installation, as one credential sees it. Each call raises Refused."""

    def drive_changes(
        self, *, folder: str | None = None, etag: str | None = None, wait_s: float | None = None
    ) -> FolderState:
        """Waits until the folder's etag is another than `etag`, at most `wait_s`. Without `folder`: the
        trash. Ask again with the etag given.
        """
        told: FolderState = self._call(
            "GET", "/drive/changes", query={"folder": folder, "etag": etag, "wait_s": wait_s}
        )
        return told

    def drive_entries(self, node_id: str, *, after: str | None = None) -> Entries:
        """What lies in a folder of a vault."""
        told: Entries = self._call(
            "GET", f"/drive/vaults/{self._part(node_id)}/entries", query={"after": after}
        )
        return told

    def drive_make(self, body: VaultForm) -> Made:
        """A new vault."""
        told: Made = self._call("POST", "/drive/vaults", body=body, sent="application/x-www-form-urlencoded")
        return told

    def drive_marks(self, node_id: str, *, sort: str | None = None, step: int | None = None) -> Marks:
        """How many entries a folder has, and where its pieces of `step` entries begin."""
        told: Marks = self._call(
            "GET", f"/drive/node/{self._part(node_id)}/marks", query={"sort": sort, "step": step}
        )
        return told

    def drive_present(self, node_id: str, body: SoughtFiles) -> FoundFiles:
        """Which of the files are in the folder, or below it, already and unchanged."""
        told: FoundFiles = self._call(
            "POST", f"/drive/node/{self._part(node_id)}/present", body=body, sent="application/json"
        )
        return told

    def drive_preview(
        self,
        node_id: str,
        *,
        size: int | None = None,
        page: int | None = None,
        v: str | None = None,
        blank: bool | None = None,
    ) -> str:
        """A picture of the file; page: of a document. `v`, its version: then the answer holds for ever.
        blank: where there is none, one that is not seen, for a page that shows something below it.
        """
        told: str = self._call(
            "GET",
            f"/drive/node/{self._part(node_id)}/preview",
            query={"size": size, "page": page, "v": v, "blank": blank},
        )
        return told

    def drive_progress(self, job_id: str) -> MoveInProgress:
        """The numbers alone, for a page that stays open."""
        told: MoveInProgress = self._call("GET", f"/drive/move-in/{self._part(job_id)}/progress")
        return told

    def fabric_act(self, name: str, body: ActBody, *, idempotency_key: str | None = None) -> dict[str, Any]:
        """Does it. A second request with the same Idempotency-Key gets the first one's answer."""
        told: dict[str, Any] = self._call(
            "POST",
            f"/fabric/actions/{self._part(name)}",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
            sent="application/json",
        )
        return told

    def fabric_check(self, body: Asking) -> Allowed:
        """For an app whose own door somebody came to with this credential."""
        told: Allowed = self._call("POST", "/fabric/check", body=body, sent="application/json")
        return told

    def fabric_delegate(self, grant: str, body: Delegating) -> GrantTold:
        """Cuts a grant for another app from one that this app holds."""
        told: GrantTold = self._call(
            "POST", f"/fabric/grants/{self._part(grant)}/delegate", body=body, sent="application/json"
        )
        return told

    def fabric_describe(self, address: str) -> ObjectTold:
        """What is at an address, for a person who may see it or an app that was granted it."""
        told: ObjectTold = self._call("GET", "/fabric/objects", query={"address": address})
        return told

    def fabric_forget(self, address: list[str]) -> IndexAnswer:
        """The things at these addresses are found no more."""
        told: IndexAnswer = self._call("DELETE", "/fabric/index", query={"address": address})
        return told

    def fabric_held(self) -> Held:
        """The grants in force that the app of this credential has of this person."""
        told: Held = self._call("GET", "/fabric/grants/held")
        return told

    def fabric_key(self) -> Key:
        """By which biscuits of this installation are checked, and narrowed by whoever holds one."""
        told: Key = self._call("GET", "/fabric/key")
        return told

    def fabric_list_actions(
        self, *, on: str | None = None, q: str | None = None, done: str | None = None
    ) -> list[Offered]:
        """What whoever asks may do: with the object `on`, with nothing (`on=`), or at all."""
        told: list[Offered] = self._call("GET", "/fabric/actions", query={"on": on, "q": q, "done": done})
        return told

    def fabric_push(self, body: IndexPush) -> IndexAnswer:
        """Things of the credential's person are found within a second; what was refused, and why."""
        told: IndexAnswer = self._call("POST", "/fabric/index", body=body, sent="application/json")
        return told

    def fabric_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of `synfonium.app.json`, for editors and for whoever checks one."""
        told: dict[str, Any] = self._call("GET", "/fabric/manifest.schema.json")
        return told

    def fabric_search(
        self,
        *,
        q: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        app: str | None = None,
        interface: str | None = None,
    ) -> Found:
        """The person's own things and what others share with them; for an app, what it was granted."""
        told: Found = self._call(
            "GET",
            "/fabric/search",
            query={"q": q, "limit": limit, "offset": offset, "app": app, "interface": interface},
        )
        return told

    def fabric_show_action(self, name: str, *, on: str | None = None) -> Offered:
        """One action: its schema for programs, its form for people."""
        told: Offered = self._call("GET", f"/fabric/actions/{self._part(name)}", query={"on": on})
        return told

    def fabric_tell(self, body: CloudEvent) -> None:
        """Takes a CloudEvent 1.0 (`application/cloudevents+json`), or up to 100 of them
        (`application/cloudevents-batch+json`), from the app that shows its access token. An event that
        was taken before, by its id, is taken again and changes nothing.
        """
        told: None = self._call("POST", "/fabric/events", body=body, sent="application/cloudevents+json")
        return told

    def fabric_token(self, grant: str, body: Narrowing) -> Token:
        """A biscuit of a grant that this app holds."""
        told: Token = self._call(
            "POST", f"/fabric/grants/{self._part(grant)}/token", body=body, sent="application/json"
        )
        return told

    def notifications_tell(self, body: PlainNotice) -> Told:
        """Raises NotAnApp, BadNotice, TooManyToday."""
        told: Told = self._call("POST", "/notifications", body=body, sent="application/json")
        return told

    def search_api_search(
        self,
        *,
        q: str | None = None,
        lang: str | None = None,
        page: int | None = None,
        vertical: str | None = None,
        time: str | None = None,
        safe: str | None = None,
        prefs: str | None = None,
        outside: str | None = None,
    ) -> Results:
        """What matches `q`, a page at a time. vertical: web, news, images, videos or documents. time: day,
        week, month or year. safe: off, moderate or strict. prefs: a token of preferences. outside: 1
        asks other engines too, those that are on here; they learn the words and the language.
        """
        told: Results = self._call(
            "GET",
            "/api/search",
            query={
                "q": q,
                "lang": lang,
                "page": page,
                "vertical": vertical,
                "time": time,
                "safe": safe,
                "prefs": prefs,
                "outside": outside,
            },
        )
        return told

    def search_suggest(self, *, q: str | None = None) -> list[str | list[str]]:
        """OpenSearch suggestions: words of indexed pages, never of what anybody searched."""
        told: list[str | list[str]] = self._call("GET", "/api/search/suggest", query={"q": q})
        return told
