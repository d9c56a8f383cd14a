"""Coming back without passkey and password. Every answer is the same for names and addresses
that nobody has."""

import msgspec

from synfonium.apps.identity.errors import CodeRefused, TooManyTries
from synfonium.apps.identity.http.browser import Form, refuse_other_sites, service_of
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post


class AddressForm(msgspec.Struct, frozen=True):
    address: str


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    code: str


class NameForm(msgspec.Struct, frozen=True):
    name: str


class SecretForm(msgspec.Struct, frozen=True):
    secret: str


@get("/recover")
async def show_recover(actor: Visitor, context: Context, asked: str = "") -> Page:
    return _page(is_asked=bool(asked))


@post("/recover")
async def by_mail(
    actor: Visitor, request: AnyRequest, context: Context, data: Form[AddressForm]
) -> Page | See:
    refuse_other_sites(request, context)
    try:
        service_of(context).recovery.ask_by_mail(data.address)
    except BadInput as refusal:
        wrong = {"address": str(refusal.values["reason"])}
        return _page(wrong=wrong, address=data.address, status=refusal.status)
    except TooManyTries as refusal:
        return _page(wrong={"address": refusal.title}, address=data.address, status=refusal.status)
    return See("/recover?asked=yes")


@post("/recover/code")
async def by_code(actor: Visitor, request: AnyRequest, context: Context, data: Form[CodeForm]) -> Page | See:
    refuse_other_sites(request, context)
    name = data.name.strip().lower()
    try:
        return See(await service_of(context).recovery.by_code(name, data.code))
    except (CodeRefused, TooManyTries) as refusal:
        return _page(wrong={"code": refusal.title}, name=name, status=refusal.status)


@post("/recover/trusted")
async def by_trusted(
    actor: Visitor, request: AnyRequest, context: Context, data: Form[NameForm]
) -> Page | See:
    refuse_other_sites(request, context)
    name = data.name.strip().lower()
    try:
        secret = await service_of(context).trust.ask(name)
    except TooManyTries as refusal:
        return _page(wrong={"trusted": refusal.title}, name=name, status=refusal.status)
    return See(f"/recover/wait/{secret}")


@get("/recover/wait/{secret:str}")
async def show_wait(actor: Visitor, context: Context, secret: str) -> Page:
    waiting = await service_of(context).trust.waiting(secret)
    return Page("identity/recover_wait.html", waiting=waiting, secret=secret[:100])


@post("/recover/wait")
async def finish_wait(actor: Visitor, request: AnyRequest, context: Context, data: Form[SecretForm]) -> See:
    refuse_other_sites(request, context)
    return See(await service_of(context).trust.finish(data.secret))


@get("/recover/stop/{link:str}")
async def show_stop(actor: Visitor, context: Context, link: str) -> Page:
    """Only a look: programs that read mail open links by themselves."""
    return Page("identity/recover_stop.html", link=link, is_done=False)


@post("/recover/stop")
async def stop(actor: Visitor, context: Context, data: Form[SecretForm]) -> Page:
    await service_of(context).trust.stop_by_link(data.secret)
    return Page("identity/recover_stop.html", link="", is_done=True)


def _page(
    *,
    wrong: dict[str, str] | None = None,
    is_asked: bool = False,
    address: str = "",
    name: str = "",
    status: int = 200,
) -> Page:
    return Page(
        "identity/recover.html",
        status=status,
        wrong=wrong or {},
        is_asked=is_asked,
        address=address[:254],
        name=name[:40],
    )


doors = (show_recover, by_mail, by_code, by_trusted, show_wait, finish_wait, show_stop, stop)
