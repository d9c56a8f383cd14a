"""Signing up, where the operator has opened it; and the page on which they decide."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.errors import FormTooQuick, NameTaken, TooManyTries
from synfonium.apps.identity.http.browser import Form, locale_of, refuse_other_sites, service_of
from synfonium.apps.identity.model.signup import Rules
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Administrator, Impersonal, Proved, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.gate import peer_of

ADMIN = "/admin/signup"
SHOWN = Impersonal("the rules")
Admin = Annotated[Administrator, SHOWN]
ProvedAdmin = Annotated[Administrator, SHOWN, Proved()]


class SignUpForm(msgspec.Struct, frozen=True, kw_only=True):
    """age: `enough` or `less`. terms: anything means yes."""

    form: str
    name: str
    display: str = ""
    address: str
    age: str = ""
    terms: str = ""


class LinkForm(msgspec.Struct, frozen=True):
    link: str


class RulesForm(msgspec.Struct, frozen=True, kw_only=True):
    minimum_age: int
    terms: str = ""
    is_open: str = ""
    without_letters: str = ""


@get("/signup")
async def show_sign_up(actor: Visitor, context: Context, asked: str = "") -> Page:
    if asked:
        return Page("identity/signup_asked.html")
    return await _page(context, SignUpForm(form="", name="", address=""))


@post("/signup")
async def sign_up(
    actor: Visitor, request: AnyRequest, context: Context, data: Form[SignUpForm]
) -> Page | See:
    refuse_other_sites(request, context)
    if data.age == "less":
        return Page("identity/signup_young.html", status=403)
    wrong = await _missing(context, data)
    if wrong:
        return await _page(context, data, wrong, 422)
    try:
        await service_of(context).sign_up.ask(
            name=data.name.strip().lower(),
            display=data.display,
            address=data.address,
            locale=locale_of(request, context),
            form=data.form,
            peer=_peer(request, context),
        )
    except BadInput as refusal:
        said = {str(refusal.values["field"]): str(refusal.values["reason"])}
        return await _page(context, data, said, refusal.status)
    except NameTaken as refusal:
        return await _page(context, data, {"name": refusal.title}, refusal.status)
    except (FormTooQuick, TooManyTries) as refusal:
        return await _page(context, data, {"": refusal.title, "remedy": refusal.remedy}, refusal.status)
    return See("/signup?asked=yes")


@get("/signup/{link:str}")
async def show_link(actor: Visitor, context: Context, link: str) -> Page:
    """Only a look: programs that read mail open links by themselves."""
    wish = await service_of(context).sign_up.shown(link)
    return Page("identity/signup_link.html", link=link, wish=wish)


@post("/signup/confirm")
async def confirm(actor: Visitor, request: AnyRequest, context: Context, data: Form[LinkForm]) -> See:
    refuse_other_sites(request, context)
    return See(await service_of(context).sign_up.confirm(data.link))


@get(ADMIN)
async def show_rules(actor: Admin, context: Context, saved: str = "") -> Page:
    return _rules_page(context, await service_of(context).sign_up.rules(), is_saved=bool(saved))


def _rules_page(
    context: Context, rules: Rules, *, wrong: dict[str, str] | None = None, is_saved: bool = False
) -> Page:
    return Page(
        "identity/signup_rules.html",
        status=422 if wrong else 200,
        rules=rules,
        wrong=wrong or {},
        saved=is_saved,
        letters_stay_here=service_of(context).sign_up.letters_stay_here,
        public_url=context.site.public_url,
    )


@post(ADMIN)
async def decide(actor: ProvedAdmin, context: Context, data: Form[RulesForm]) -> Page | See:
    sign_up = service_of(context).sign_up
    try:
        await sign_up.decide(
            is_open=bool(data.is_open),
            minimum_age=data.minimum_age,
            terms=data.terms,
            by=actor.id,
            without_letters=bool(data.without_letters),
        )
    except BadInput as refusal:
        wrong = {str(refusal.values["field"]): str(refusal.values["reason"])}
        rules = msgspec.structs.replace(
            await sign_up.rules(),
            is_open=bool(data.is_open),
            minimum_age=data.minimum_age,
            terms=data.terms,
        )
        return _rules_page(context, rules, wrong=wrong)
    return See(f"{ADMIN}?saved=yes")


async def _missing(context: Context, data: SignUpForm) -> dict[str, str]:
    rules = await service_of(context).sign_up.rules()
    wrong = {}
    if rules.minimum_age and data.age != "enough":
        wrong["age"] = "age"
    if rules.terms and not data.terms:
        wrong["terms"] = "terms"
    return wrong


async def _page(
    context: Context, data: SignUpForm, wrong: dict[str, str] | None = None, status: int = 200
) -> Page:
    sign_up = service_of(context).sign_up
    return Page(
        "identity/signup.html",
        status=status,
        form=await sign_up.form() if not data.form or (wrong and "" in wrong) else data.form,
        rules=await sign_up.rules(),
        given=msgspec.structs.replace(
            data, name=data.name[:40], display=data.display[:80], address=data.address[:254]
        ),
        wrong=wrong or {},
    )


def _peer(request: AnyRequest, context: Context) -> str:
    return peer_of(request.scope, context.site)  # type: ignore[arg-type]


doors = (show_sign_up, sign_up, show_link, confirm, show_rules, decide)
