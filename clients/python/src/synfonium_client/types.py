# SPDX-License-Identifier: Apache-2.0
# Made by scripts/clients.py from /api/openapi.json; changes belong there.
"""What goes in at the doors that apps may come in at, and what comes out."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class ActBody(TypedDict):
    """object: what it is done with, "" for nothing. input: as the action's schema says."""

    object: NotRequired[str]
    input: NotRequired[dict[str, Any]]


class Allowed(TypedDict):
    allowed: bool
    grant: NotRequired[str]
    app: NotRequired[str]


class Asking(TypedDict):
    """May whoever shows this credential do `action` with `path[0]`? path: its address, then those of
    what it lies in.
    """

    path: list[str]
    action: NotRequired[Literal["read", "use", "write"]]


class CloudEvent(TypedDict):
    """A CloudEvent as an app sends it. path: ours, an extension: what the subject lies in."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: NotRequired[str | None]
    datacontenttype: NotRequired[str]
    path: NotRequired[str]
    data: NotRequired[dict[str, Any]]


class Delegating(TypedDict):
    """A part of a grant for another app. Empty fields: as much as the grant says."""

    app: str
    object: NotRequired[str]
    actions: NotRequired[list[Literal["read", "use", "write"]]]
    until_s: NotRequired[float]
    uses: NotRequired[int]


class Entries(TypedDict):
    """more: the `after` of the next page, empty at the end."""

    entries: list[Sealed]
    more: str


class Entry(TypedDict):
    """What an imported encyclopedia or dictionary says under one title. text: the beginning of the
    article, or nothing in a dictionary. senses: a dictionary's. facts: label and value, from an
    infobox. wiki: the project it comes from, such as `frwiki`.
    """

    title: str
    lang: str
    wiki: str
    url: str
    text: NotRequired[str]
    description: NotRequired[str]
    senses: NotRequired[list[str]]
    facts: NotRequired[list[list[Any]]]
    is_dictionary: NotRequired[bool]


class Findable(TypedDict):
    """A thing to be found. address: `app:kind/id`, of the app that pushes. title: at most 500
    characters in one line. text: at most a million. path: addresses of what it lies in. interfaces:
    spec ids such as `file/1`. lang: BCP 47. modified_s: UTC seconds. revision: changes with its
    content.
    """

    address: str
    title: str
    text: NotRequired[str]
    path: NotRequired[list[str]]
    interfaces: NotRequired[list[str]]
    media_type: NotRequired[str]
    lang: NotRequired[str]
    modified_s: NotRequired[float]
    revision: NotRequired[str]


class FolderState(TypedDict):
    """The folder's etag as it is now."""

    etag: str


class Found(TypedDict):
    """The best first. after: the `offset` that goes on from here, 0 at the end. total: how many there
    are about; to whoever does not search their own things, only that there are more.
    """

    hits: list[Hit]
    total: int
    after: NotRequired[int]


class FoundFiles(TypedDict):
    """is_present: for each of the files, in their order."""

    is_present: list[bool]


class GrantTold(TypedDict):
    """A grant, for the app that holds it."""

    grant: str
    object: str
    actions: list[Literal["read", "use", "write"]]
    origin: str
    title: str
    since_s: float
    until_s: float
    uses: int


class Held(TypedDict):
    grants: list[GrantTold]


class Hit(TypedDict):
    """A thing found, as it is now; `snippet` is escaped HTML with `<b>`."""

    address: str
    url: str
    app: str
    title: str
    snippet: str
    time_s: float
    interfaces: NotRequired[list[str]]
    media_type: NotRequired[str]


class IndexAnswer(TypedDict):
    """What was taken is safe, and found within a second."""

    taken: int
    forgotten: int
    refused: NotRequired[list[Refused]]


class IndexPush(TypedDict):
    """What is to be found, replacing what was pushed at those addresses; and what is gone. person:
    whose things; by HTTP that of the credential.
    """

    documents: NotRequired[list[Findable]]
    forget: NotRequired[list[str]]
    person: NotRequired[str]


class InstantAnswer(TypedDict):
    """An answer as text alone, in the reader's language; whoever shows it escapes it. title: the
    question as it was understood. lead: the answer itself. rows: what else there is, label and
    value. note: what must be known of the answer. swatch: a colour as `#rrggbb`. code: the lead is
    to be copied letter by letter.
    """

    kind: str
    title: str
    lead: str
    rows: NotRequired[list[list[Any]]]
    note: NotRequired[str]
    source: NotRequired[Source | None]
    swatch: NotRequired[str]
    code: NotRequired[bool]


class Key(TypedDict):
    public_key: str


class Made(TypedDict):
    node: str


class Marks(TypedDict):
    """marks: every `step`th entry's id, after which a piece begins. etag: as the folder was then."""

    etag: str
    count: int
    marks: list[str]


class MoveInProgress(TypedDict):
    """How far a job is; files and bytes are 0 until they have been counted."""

    state: str
    files: int
    bytes: int
    done: int
    done_bytes: int
    not_taken: int


class Narrowing(TypedDict):
    """What a biscuit is narrowed to at once; anybody may narrow it further."""

    object: NotRequired[str]
    actions: NotRequired[list[Literal["read", "use", "write"]]]
    until_s: NotRequired[float]


class ObjectTold(TypedDict):
    """An object, for an app that was granted it. grant: by which right it is seen."""

    address: str
    interfaces: list[str]
    title: str
    media_type: str
    revision: str
    size_bytes: int
    modified_s: float
    page: str
    locations: list[str]
    grant: NotRequired[str]


class Offered(TypedDict):
    """An action as it is shown to one reader: texts in their language. input: JSON Schema (2020-12).
    on: interfaces of the object that it takes, none for no object.
    """

    name: str
    app: str
    app_title: str
    title: str
    description: str
    input: dict[str, Any]
    on: list[str]
    effect: Literal["beyond", "change", "look"]
    icon: str


class PlainNotice(TypedDict):
    """What an outside app tells the person whose credential it has; plain text, never markup. url:
    `/fabric/open?object=…`, or a web address at the app's own origin.
    """

    topic: str
    topic_title: NotRequired[str]
    title: str
    body: NotRequired[str]
    object: NotRequired[str]
    url: NotRequired[str]
    urgency: NotRequired[Literal["high", "low", "normal"]]
    key: NotRequired[str]


class Problem(TypedDict):
    """Why something was refused (RFC 9457). code: stable, for programs; title and detail: for people,
    in the language that was asked for.
    """

    type: str
    status: int
    code: str
    title: str
    detail: NotRequired[str]


class Refused(TypedDict):
    """Why one document was not taken: a stable code, and the rule in one line."""

    address: str
    code: str
    reason: str


class Result(TypedDict):
    """One thing found; `snippet` is plain text. kind: page, news, image, video or document. time_s:
    when it was published, else read, UTC seconds. picture: where this installation shows a small
    picture of it. shown: what else is known of it (`author`, `duration` …). reasons: what each
    signal added to its score. sources: the engines that found it, by name; "" is our own index.
    """

    url: str
    title: str
    snippet: str
    host: str
    lang: str
    kind: NotRequired[str]
    time_s: NotRequired[float]
    picture: NotRequired[str]
    shown: NotRequired[dict[str, str]]
    reasons: NotRequired[dict[str, float]]
    sources: NotRequired[list[str]]


class Results(TypedDict):
    """`total` counts all that was found; `results` are those of the page asked for. corrected: what
    was probably meant, where little was found and that finds more. ignored: parts of `prefs` that
    were not understood. answers: worked out here. infobox: what an imported encyclopedia says of
    exactly this. outside: the other engines that were asked, each with what became of it: answered,
    slow, failed, resting or busy.
    """

    query: str
    total: int
    took_ms: float
    results: list[Result]
    vertical: NotRequired[str]
    page: NotRequired[int]
    corrected: NotRequired[str]
    ignored: NotRequired[list[str]]
    answers: NotRequired[list[InstantAnswer]]
    infobox: NotRequired[Entry | None]
    outside: NotRequired[dict[str, str]]


class Sealed(TypedDict):
    """One file or folder; its name and size are those of what is stored."""

    id: str
    name: str
    is_file: bool
    size_bytes: int
    modified_s: float


class Sought(TypedDict):
    """A file as its sender knows it. path: folders below the one that it goes to, with `/` between
    them.
    """

    path: str
    name: str
    size_bytes: int
    modified_ms: int


class SoughtFiles(TypedDict):
    files: list[Sought]


class Source(TypedDict):
    """Where an answer comes from, as the page says it. url: https, or nothing."""

    name: str
    url: NotRequired[str]
    licence: NotRequired[str]


class Token(TypedDict):
    token: str


class Told(TypedDict):
    """It was taken in; how the person hears of it is their choice."""

    done: NotRequired[bool]


class VaultForm(TypedDict):
    into: str
    name: str
    check: str
    second: NotRequired[bool]
