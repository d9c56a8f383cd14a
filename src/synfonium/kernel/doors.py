"""Typed doors: Litestar's handlers with the actor in the signature.

A door says in its `actor` parameter who may come in: `Person`, `Administrator`,
`Annotated[Person, Scope("drive.read")]`, `Annotated[Person, Proved()]`, or, publicly,
`Visitor` or `Person | Visitor`. A door without one does not load. A door of an administrator
says besides what it shows of people: `Annotated[Administrator, NeedsPass("drive.person.look")]`
or `Annotated[Administrator, Impersonal("names and roles")]`; without it, it does not load.
"""

from collections.abc import Callable, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import litestar
import msgspec
from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler

from synfonium.common.ids import PersonId
from synfonium.common.problem import Forbidden, SignInNeeded
from synfonium.kernel.actor import (
    Administrator,
    DelegatedAdministrator,
    Impersonal,
    NeedsPass,
    Passes,
    Person,
    Proved,
    Scope,
    Visitor,
)
from synfonium.kernel.authentication import Authentication, header
from synfonium.kernel.context import Context
from synfonium.kernel.openapi import Described
from synfonium.kernel.page import Page, See
from synfonium.kernel.refusals import PasskeyNeeded, PassNeeded, ProofNeeded, TooLarge

__all__ = [
    "Described",
    "Page",
    "See",
    "delete",
    "get",
    "needs_pass",
    "needs_proof",
    "patch",
    "post",
    "preflight",
    "public_doors",
    "put",
]

DEFAULT_BODY_BYTES = 1024 * 1024
AnyRequest = Request[Any, Any, Any]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in by a door."""

    is_public: bool = False
    needs_administrator: bool = False
    is_delegated: bool = False
    shown: NeedsPass | Impersonal | None = None
    scopes: tuple[str, ...] = ()
    proved: Proved | None = None
    wants_person: bool = True

    async def __call__(self, request: AnyRequest, now_s: float) -> Person | Visitor:
        """The actor. Raises SignInNeeded, Forbidden, PasskeyNeeded or ProofNeeded."""
        if not self.wants_person:
            return Visitor()
        authentication = Authentication.of(request.scope)
        person = await authentication.person_of(request.scope)  # type: ignore[arg-type]
        if person is None:
            if self.is_public:
                return Visitor()
            raise SignInNeeded
        admitted = self._admit(person)
        if self.proved:
            needs_proof(admitted, self.proved, now_s)
        return admitted

    @property
    def administers(self) -> bool:
        """Whether it is a door of an administrator, of the installation or of a part of it."""
        return self.needs_administrator or self.is_delegated

    def _admit(self, person: Person) -> Person:
        # An app comes in at the doors that ask for it by scope, and nowhere else.
        if person.app and not self.scopes:
            raise Forbidden
        if not all(person.may(scope) for scope in self.scopes):
            raise Forbidden
        if not self.scopes and not self.is_public and not person.may("*"):
            raise Forbidden
        fields = {field: getattr(person, field) for field in person.__struct_fields__}
        if self.is_delegated:
            return DelegatedAdministrator(**fields)
        if not self.needs_administrator:
            return person
        if not person.is_administrator:
            raise PasskeyNeeded if person.awaits_passkey else Forbidden
        return Administrator(**fields)


def needs_proof(person: Person, proved: Proved, now_s: float) -> None:
    """For doors that learn only on the way that an act is sensitive. Raises ProofNeeded."""
    if not person.by_session or now_s - person.fresh_s > proved.within_s:
        raise ProofNeeded(proved.back)


async def needs_pass(context: Context, by: Person, person: PersonId, act: str) -> None:
    """For doors that learn only on the way whose data they show. Raises PassNeeded."""
    if by.id == person:
        return
    if not await context.offer(Passes).use(by.id, person, act):  # type: ignore[type-abstract]
        raise PassNeeded(person)


def _entry(function: Callable[..., Any]) -> Entry:
    hints = get_type_hints(function, include_extras=True)
    if "actor" not in hints:
        raise TypeError(f"{function.__module__}.{function.__qualname__} has no actor: who may come in?")
    kind = hints["actor"]
    scopes: tuple[str, ...] = ()
    proved: Proved | None = None
    shown: NeedsPass | Impersonal | None = None
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        scopes = tuple(note.name for note in notes if isinstance(note, Scope))
        proved = next((note for note in notes if isinstance(note, Proved)), None)
        shown = next((note for note in notes if isinstance(note, NeedsPass | Impersonal)), None)
    kinds = set(get_args(kind)) if get_origin(kind) in (Union, UnionType) else {kind}
    if not kinds or not kinds <= {Person, Administrator, DelegatedAdministrator, Visitor}:
        raise TypeError(f"{function.__qualname__}: actor is Person, Administrator or Visitor")
    if proved and Visitor in kinds:
        raise TypeError(f"{function.__qualname__}: a visitor has nothing to prove")
    if bool(shown) != bool(kinds & {Administrator, DelegatedAdministrator}):
        raise TypeError(
            f"{function.__qualname__}: a door of an administrator, and no other, says NeedsPass(act) when it"
            " shows what is a person's own, or else Impersonal(what)"
        )
    return Entry(
        shown=shown,
        is_delegated=DelegatedAdministrator in kinds,
        proved=proved,
        is_public=Visitor in kinds,
        wants_person=kinds != {Visitor},
        needs_administrator=Administrator in kinds,
        scopes=scopes,
    )


def _door(
    method: str, path: str | Sequence[str], *, max_body_bytes: int = DEFAULT_BODY_BYTES, **options: Any
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    def decorate(function: Callable[..., Any]) -> HTTPRouteHandler:
        entry = _entry(function)
        _check_pass(entry, function, [path] if isinstance(path, str) else path)
        # Litestar would validate the actor as if it came from outside.
        given = {"actor": NamedDependency[Any]}  # type: ignore[misc]  # an alias of Annotated, generic at run time
        if "context" in function.__annotations__:
            given["context"] = NamedDependency[Context]
        function.__annotations__ = {**function.__annotations__, **given}
        options.setdefault("status_code", 200)
        described: Described | None = options.pop("described", None)
        options.setdefault("include_in_schema", described is not None or not _gives_a_page(function))
        decorator = getattr(litestar, method)(
            path,
            dependencies={"actor": Provide(_provider(entry, max_body_bytes))},
            opt={"entry": entry, "described": described},
            **({} if method in ("get", "delete") else {"request_max_body_size": max_body_bytes}),
            **options,
        )
        handler: HTTPRouteHandler = decorator(function)
        return handler

    return decorate


def _check_pass(entry: Entry, function: Callable[..., Any], paths: Sequence[str]) -> None:
    name = entry.shown.person if isinstance(entry.shown, NeedsPass) else ""
    if name and not all(f"{{{name}:" in path for path in paths):
        raise TypeError(f"{function.__qualname__}: its pass is for {name}, which is not in its path")


def _gives_a_page(function: Callable[..., Any]) -> bool:
    """Pages are for people; OpenAPI describes the doors for programs."""
    given = get_type_hints(function).get("return")
    return bool({given, *get_args(given)} & {Page, See})


def _provider(entry: Entry, max_body_bytes: int) -> Callable[[AnyRequest, Any], Any]:
    # The actor asks for the context only to come after it: Litestar resolves two dependencies
    # of one rank in a task group, which costs every request 0.3 ms of CPU (measured).
    async def provide_actor(request: AnyRequest, context: Any) -> Any:
        _check_length(request, max_body_bytes)
        actor = await entry(request, context.clock.now_s())
        if isinstance(entry.shown, NeedsPass) and entry.shown.person:
            assert isinstance(actor, Person)
            person = PersonId(str(request.path_params[entry.shown.person]))
            await needs_pass(context, actor, person, entry.shown.act)
        return actor

    return provide_actor


def _check_length(request: AnyRequest, max_body_bytes: int) -> None:
    """Also for a door that never reads its body. Raises TooLarge."""
    announced = header(request.scope, b"content-length")  # type: ignore[arg-type]
    if announced.isdigit() and int(announced[:20]) > max_body_bytes:
        raise TooLarge


def get(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A door for GET (and HEAD). Options are Litestar's, and `described` for one that reads or
    answers by itself, also as a page."""
    return _door("get", path, **options)


def post(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A door for POST; `max_body_bytes` limits the body (1 MiB)."""
    return _door("post", path, **options)


def put(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    return _door("put", path, **options)


def patch(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    return _door("patch", path, **options)


def delete(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    return _door("delete", path, **options)


def preflight(path: str | Sequence[str], **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A door for OPTIONS, where pages of other origins may ask first (Fetch, CORS preflight)."""
    return _door("route", path, http_method=["OPTIONS"], **options)


def public_doors(handlers: Sequence[HTTPRouteHandler]) -> list[str]:
    """`METHOD /path` of every door that lets strangers in, for the reviewed list."""
    found = set()
    for handler in handlers:
        if handler.opt["entry"].is_public:
            found |= {f"{m} {p}" for m in handler.http_methods if m != "HEAD" for p in sorted(handler.paths)}
    return sorted(found)
