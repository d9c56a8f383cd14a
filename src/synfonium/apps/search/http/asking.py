"""What comes in at the search doors, by GET or POST alike, and the addresses that lead on from it."""

from collections.abc import Sequence
from typing import get_args
from urllib.parse import quote, urlencode

import msgspec

from synfonium.apps.search.service import preferences
from synfonium.apps.search.service.preferences import Preferences, Rule, Safe
from synfonium.apps.search.service.search import Question, question
from synfonium.apps.search.service.verticals import WEB, Vertical
from synfonium.common.problem import BadInput
from synfonium.kernel.i18n import LOCALES, _

_MOVES = ("page", "vertical", "site", "outside", "query")
NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
SEARCH, YOUNG, PREFERENCES = "/search", "/search/young", "/search/preferences"


class SearchForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a search. prefs: a token. do: what a button of the page of results asks,
    `vertical:images`, `page:2`, `site:example.org`, `block:example.org`, `clear:example.org`,
    `outside:1`, `query:other words`. outside: "1" asks other engines too."""

    q: str = ""
    lang: str = ""
    page: int = 1
    vertical: str = ""
    time: str = ""
    safe: str = ""
    prefs: str = ""
    do: str = ""
    ui: str = ""
    outside: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and how it came. ignored: parts of the token that were left out. is_changed:
    it asked for a rule, so that the address it came by is not the one to show. is_outside: other
    engines are to be asked too."""

    question: Question
    path: str = SEARCH
    by_post: bool = False
    ui: str = ""
    ignored: tuple[str, ...] = ()
    is_changed: bool = False
    is_outside: bool = False

    @property
    def has_rules(self) -> bool:
        """Whether a site may be raised, lowered, pinned or blocked here."""
        return self.path == SEARCH

    @property
    def token(self) -> str:
        return self.question.preferences.token

    @property
    def action(self) -> str:
        return f"{self.path}?ui={self.ui}" if self.ui else self.path

    @property
    def method(self) -> str:
        return "post" if self.by_post or self.question.preferences.is_posted else "get"

    def fields(self, *, without: Sequence[str] = ()) -> dict[str, str]:
        """What a form of the page sends along to ask the same again."""
        asked = self.question
        sent = {
            "q": asked.query,
            "lang": asked.lang,
            "vertical": "" if asked.vertical is WEB else asked.vertical.name,
            "time": asked.period,
            "prefs": self.token,
            "outside": "1" if self.is_outside else "",
            "ui": "" if self.by_post else self.ui,
        }
        return {name: value for name, value in sent.items() if value and name not in without}

    def query(self, **changes: str) -> str:
        """The part of an address after `?` that asks the same but for `changes`; "" takes away."""
        changed = {**self.fields(), **changes}
        kept = {name: value for name, value in changed.items() if value}
        return urlencode(kept, quote_via=quote, safe=";,=:")

    def link(self, **changes: str) -> str:
        query = self.query(**changes)
        return f"{self.path}?{query}" if query else self.path

    def tab(self, vertical: Vertical) -> str:
        if vertical.path:
            query = urlencode({"q": self.question.query, "where": vertical.name})
            return vertical.path if self.by_post else f"{vertical.path}?{query}"
        return self.link(vertical="" if vertical is WEB else vertical.name)


def asked(form: SearchForm, *, by_post: bool = False) -> Asked:
    """Raises QueryTooLong, TooManyOperators, UnknownVertical or BadInput."""
    read = preferences.read(form.prefs)
    wanted = _with_safe(read.preferences, form.safe)
    if form.do.partition(":")[0] not in ("", *_MOVES):
        wanted = _with_rule(wanted, form.do)
    form = _moved(form)
    return Asked(
        question=question(form.q, form.lang, form.page, form.vertical, period=form.time, preferences=wanted),
        by_post=by_post,
        ui=form.ui if form.ui in LOCALES else "",
        ignored=read.ignored,
        is_changed=bool(form.do),
        is_outside=form.outside == "1",
    )


def _moved(form: SearchForm) -> SearchForm:
    """The form, once a button has led to another page or vertical, or to more of one site."""
    verb, _colon, to = form.do.partition(":")
    if verb == "page":
        number = int(to) if to.isascii() and to.isdigit() and len(to) < 5 else 0
        return msgspec.structs.replace(form, page=number)
    if verb == "outside":
        return msgspec.structs.replace(form, outside=to)
    if verb == "query":
        return msgspec.structs.replace(form, q=to, page=1)
    if verb == "site":
        return msgspec.structs.replace(form, q=f"{form.q} site:{to}")
    return msgspec.structs.replace(form, vertical=to) if verb == "vertical" else form


def _with_safe(known: Preferences, safe: str) -> Preferences:
    if not safe:
        return known
    if safe not in get_args(Safe):
        raise BadInput("safe", _("A level of safety is one of: off, moderate, strict."))
    return msgspec.structs.replace(known, safe=safe)


def _with_rule(known: Preferences, do: str) -> Preferences:
    verb, _colon, host = do.partition(":")
    rule: Rule | None = next((rule for rule in preferences.RULES if rule == verb), None)
    if rule is None and verb != "clear":
        raise BadInput("do", _("This cannot be done here."))
    return known.with_rule(host, rule)
