"""The page of preferences without an account: a form that makes a token, and what the token says."""

from typing import Annotated, get_args
from urllib.parse import quote

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.http.asking import NO_TRACE, PREFERENCES
from synfonium.apps.search.http.results import LANGUAGES
from synfonium.apps.search.service import preferences
from synfonium.apps.search.service.preferences import RULES, Preferences
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

_LARGEST_FORM_BYTES = 64 * 1024
REGIONS = ("AT", "BE", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "LU", "NL", "PT")


class PreferencesForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the form sends; sites one a line."""

    language: str = ""
    second: str = ""
    region: str = ""
    safe: str = ""
    theme: str = ""
    send: str = ""
    pin: str = ""
    raise_: str = msgspec.field(name="raise", default="")
    lower: str = ""
    block: str = ""
    ui: str = ""


@get("/search/preferences")
async def show(actor: Visitor, context: Context, prefs: str = "", saved: bool = False, ui: str = "") -> Page:
    read = preferences.read(prefs)
    wanted = read.preferences
    languages = (*wanted.languages, "", "")
    return Page(
        "search/preferences.html",
        headers=NO_TRACE,
        wanted=wanted,
        token=wanted.token,
        ignored=read.ignored,
        saved=saved,
        scheme=wanted.scheme,
        first=languages[0],
        second=languages[1],
        languages=LANGUAGES,
        regions=REGIONS if wanted.region in ("", *REGIONS) else (*REGIONS, wanted.region),
        safe_levels=get_args(preferences.Safe),
        link=f"{context.site.public_url}/search?prefs={quote(wanted.token, safe=';,=')}",
        ui=ui,
    )


@post("/search/preferences", max_body_bytes=_LARGEST_FORM_BYTES)
async def make(
    actor: Visitor,
    context: Context,
    data: Annotated[PreferencesForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    """Makes the token of what the form says, and leads to its page; nothing is kept here."""
    token = _token(data)
    kept = preferences.read(token).preferences.token
    left_out = "" if token == kept else token
    query = f"prefs={quote(left_out or kept, safe=';,=')}&saved=true"
    return See(f"{PREFERENCES}?{query}{f'&ui={quote(data.ui)}' if data.ui else ''}")


def _token(form: PreferencesForm) -> str:
    """As the form has it: what cannot be used in it is found, and named, when it is read."""
    languages = ",".join(dict.fromkeys(code for code in (form.language, form.second) if code))
    safe = form.safe if form.safe != Preferences().safe else ""
    said = {"lang": languages, "region": form.region, "safe": safe, "theme": form.theme, "send": form.send}
    lists = {"pin": form.pin, "raise": form.raise_, "lower": form.lower, "block": form.block}
    said |= {rule: ",".join(_sites(lists[rule])) for rule in RULES}
    parts = [f"{name}={value}" for name, value in said.items() if value]
    return ";".join([preferences.VERSION, *parts])[: preferences.LONGEST_TOKEN + 1] if parts else ""


def _sites(lines: str) -> list[str]:
    sites = (line.replace(";", " ").replace(",", " ").split() for line in lines.splitlines())
    return [preferences.host_name(site) or site for line in sites for site in line]


doors = [show, make]
