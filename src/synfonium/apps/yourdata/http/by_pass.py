"""An archive of a person for an administrator who has a pass: a reason, for a while, and the
person sees that it was asked for, looked at, and taken."""

from typing import Annotated, Any

from litestar import Request, Response

from synfonium.apps.identity.contract import People, PersonView
from synfonium.apps.yourdata.http.download import send_archive
from synfonium.apps.yourdata.model import Asked
from synfonium.apps.yourdata.service import YourdataService
from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Administrator, Impersonal, NeedsPass, Proved
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/admin/people/{person_id:str}/archives"
ONE = f"{HERE}/{{archive:str}}"


@get(HERE, summary=_("A copy of everything"))
async def show(
    actor: Annotated[Administrator, NeedsPass("yourdata.archive.look")], context: Context, person_id: str
) -> Page:
    """The copies that this administrator asked for, and the form that asks for one."""
    view = await _view(context, person_id)
    archives = await _service(context).archives.of(view.id, actor.id)
    return Page("yourdata/by_pass.html", about=view, archives=archives, now_s=context.clock.now_s())


@post(HERE)
async def ask(
    actor: Annotated[Administrator, NeedsPass("yourdata.archive.ask"), Proved()],
    context: Context,
    person_id: str,
) -> See:
    view = await _view(context, person_id)
    await context.call("yourdata.ask_archive", {"person": view.id, "by": actor.id})
    return See(_here(person_id))


@get(ONE, include_in_schema=False)
async def take(
    actor: Annotated[Administrator, NeedsPass("yourdata.archive.take"), Proved()],
    context: Context,
    person_id: str,
    archive: str,
) -> Response[None]:
    """The archive itself, with ranges. Raises NoSuchArchive."""
    view = await _view(context, person_id)
    asked = await _service(context).archives.one(view.id, archive, actor.id)
    return _Archive(_service(context), asked, view.name)


@post(f"{ONE}/drop")
async def drop(
    actor: Annotated[Administrator, Impersonal("nothing: a copy goes")],
    context: Context,
    person_id: str,
    archive: str,
) -> See:
    await context.call("yourdata.drop_archive", {"person": person_id, "id": archive, "by": actor.id})
    return See(_here(person_id))


class _Archive(Response[None]):
    def __init__(self, service: YourdataService, asked: Asked, name: str) -> None:
        super().__init__(None)
        self._service, self._asked, self._name = service, asked, name

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> Any:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await send_archive(self._service, self._asked, self._name, scope, send)

        found: ASGIApp = answer
        return found


async def _view(context: Context, person_id: str) -> PersonView:
    view = await context.offer(People).by_id(PersonId(person_id))  # type: ignore[type-abstract]
    if view is None:
        raise NotFound
    return view


def _service(context: Context) -> YourdataService:
    service: YourdataService = context.service
    return service


def _here(person_id: str) -> str:
    return HERE.replace("{person_id:str}", person_id)


doors = (show, ask, take, drop)
