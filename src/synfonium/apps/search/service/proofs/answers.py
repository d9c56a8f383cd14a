"""Checks of what the doors of search answer."""

import re
from urllib.parse import quote

import msgspec

from synfonium.apps.search.service.proofs.markup import read, strangers
from synfonium.apps.search.service.proofs.scene import Outcome, Scene, canary_address, canary_word
from synfonium.kernel.anonymous import Answered
from synfonium.kernel.asgi import Headers
from synfonium.kernel.i18n import _

_STORING = ("set-cookie", "set-cookie2", "clear-site-data", "service-worker-allowed", "refresh")
_TIME = re.compile(rb'"took_ms":[\d.]+|[\d.,]+(?=(\s|&nbsp;|\xc2\xa0|\xe2\x80\xaf)s\b)')
_OUTSIDE = re.compile(r"^(https?|wss?):")


async def no_cookie(scene: Scene) -> Outcome:
    answers = await scene.every_door()
    storing = [one for one in answers if any(one.header(name) for name in _STORING)]
    values = {"count": str(len(answers)), "storing": str(len(storing))}
    if storing:
        found = _("{storing} of {count} answers set a cookie or something like it.")
        return Outcome(state="broken", found=found, values=values)
    return Outcome(state="kept", found=_("{count} answers, no cookie."), values=values)


async def nothing_of_others(scene: Scene) -> Outcome:
    pages = [*(await _pages(scene)), await scene.page("/search"), await scene.page("/bot")]
    own = _own(scene)
    loaded, inline, lax = list[str](), 0, 0
    for page in pages:
        markup = read(page.body, scene.context.site.public_url)
        loaded += markup.loads
        inline += markup.inline
        lax += not _is_strict(page.header("content-security-policy"), own)
    foreign = strangers(loaded, own)
    values = {"count": str(len(loaded)), "pages": str(len(pages)), "foreign": str(len(foreign))}
    if foreign:
        found = _("{foreign} of {count} things that the pages load come from elsewhere.")
        return Outcome(state="broken", found=found, values=values)
    if inline or lax:
        found = _("A page has scripts or styles within it, or no strict Content-Security-Policy.")
        return Outcome(state="broken", found=found, values=values)
    found = _(
        "{pages} pages load {count} things, all from here; the Content-Security-Policy allows no other."
    )
    return Outcome(state="kept", found=found, values=values)


def _own(scene: Scene) -> set[str]:
    """Our origins, of which people's content has one of its own."""
    return {scene.context.site.public_url, scene.context.site.content_url}


def _is_strict(policy: str, own: set[str]) -> bool:
    """Whether a Content-Security-Policy forbids what it does not name, and names nobody but us."""
    rules = {name: sources for name, *sources in (part.split() for part in policy.split(";") if part.strip())}
    hosts = {address.split("://", 1)[1] for address in own}
    named = [source for sources in rules.values() for source in sources]
    others = [s for s in named if _OUTSIDE.match(s) and s.split("://", 1)[1] not in hosts]
    loose = {"*", "'unsafe-inline'", "'unsafe-eval'", "https:", "http:"} & {*named}
    return rules.get("default-src") == ["'none'"] and not others and not loose


async def _pages(scene: Scene) -> list[Answered]:
    """Pages with results when there are any, and without."""
    word = await scene.found_word()
    asked = [word, canary_word()] if word else [canary_word()]
    return [await scene.page(f"/search?q={quote(one, safe='')}") for one in asked]


def _guises() -> list[tuple[Headers, str]]:
    """The same question from people who differ in everything but language."""
    address, other = canary_address(), canary_address()
    forwarded: Headers = [(b"x-forwarded-for", other.encode()), (b"forwarded", f'for="[{other}]"'.encode())]
    agent: Headers = [
        (b"user-agent", b"Mozilla/5.0 (X11; Linux) Firefox/140.0"),
        (b"sec-ch-ua-platform", b'"Linux"'),
    ]
    known: Headers = [(b"cookie", b"session=0; id=1"), (b"authorization", b"Bearer syn_0123456789abcdef")]
    come: Headers = [
        (b"referer", b"https://elsewhere.example/page"),
        (b"origin", b"https://elsewhere.example"),
    ]
    asked: Headers = [(b"dnt", b"1"), (b"sec-gpc", b"1"), (b"if-none-match", b'"seen"')]
    return [
        ([], ""),
        ([], address),
        (forwarded, ""),
        (agent, ""),
        (known, ""),
        (come, ""),
        (asked, ""),
        ([*agent, *known, *come], address),
    ]


async def same_for_all(scene: Scene) -> Outcome:
    word = await scene.found_word() or canary_word()
    asked, count, different = quote(word, safe=""), 0, 0
    for target in (f"/search?q={asked}", f"/api/search?q={asked}", f"/api/search/suggest?q={asked}"):
        answers = [await scene.page(target, sent, peer=peer) for sent, peer in _guises()]
        alike = {(one.status, one.headers, _TIME.sub(b"", one.body)) for one in map(_timeless, answers)}
        count += len(answers)
        different += len(alike) - 1
    values = {"count": str(count)}
    if different:
        found = _("Of {count} answers to the same questions, some were not the same.")
        return Outcome(state="broken", found=found, values=values)
    found = _("{count} answers to eight kinds of people: the same to the last byte, but for the time taken.")
    return Outcome(state="kept", found=found, values=values)


def _timeless(answered: Answered) -> Answered:
    kept = tuple(sorted((k, v) for k, v in answered.headers if k not in (b"content-length", b"date")))
    return msgspec.structs.replace(answered, headers=kept)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the doors of search see of a request: every header, and the address it came from."""

    headers: dict[str, str]
    address: str
    person: str


async def nobody_seen(scene: Scene) -> Outcome:
    marks = {
        mark: canary_word() for mark in ("cookie", "authorization", "user-agent", "referer", "x-real-ip")
    }
    address = canary_address()
    sent: Headers = [(name.encode(), value.encode()) for name, value in marks.items()]
    sent += [(b"x-forwarded-for", address.encode()), (b"accept-language", b"fr-CA, fr;q=0.8, oc;q=0.5")]
    answered = await scene.data("/search/privacy/seen", sent, peer=address)
    seen = msgspec.json.decode(answered.body, type=Seen)
    told = answered.body.decode()
    values = {"sent": str(len(sent)), "seen": ", ".join(sorted(seen.headers))}
    if seen.address or seen.person or any(one in told for one in (*marks.values(), address, "fr-CA")):
        found = _("Something that says who asks reached the doors of search: {seen}.")
        return Outcome(state="broken", found=found, values=values)
    found = _("Of {sent} headers that say who asks, none arrived; these did: {seen}.")
    return Outcome(state="kept", found=found, values=values)


async def no_detour(scene: Scene) -> Outcome:
    word = await scene.found_word()
    if not word:
        return Outcome(state="open", found=_("The index is empty: there is no result to follow."))
    page = await scene.page(f"/search?q={quote(word, safe='')}")
    links = read(page.body, scene.context.site.public_url).links
    leaving = [one for one in links if strangers([one.url], _own(scene)) and one.url.startswith("http")]
    api = await scene.data(f"/api/search?q={quote(word, safe='')}")
    results = [
        one["url"] for one in msgspec.json.decode(api.body)["results"] if one["url"].startswith("http")
    ]
    detours = [url for url in results if url not in {one.url for one in leaving}]
    telling = [one for one in leaving if one.has_ping or "noreferrer" not in one.rel]
    values = {"count": str(len(leaving)), "detours": str(len(detours)), "telling": str(len(telling))}
    if detours or telling or page.header("referrer-policy") != "no-referrer":
        found = _("Of {count} links, {detours} lead over us and {telling} tell where you come from.")
        return Outcome(state="broken", found=found, values=values)
    if not leaving:
        return Outcome(state="open", found=_("No page of the index has an address of the web."))
    found = _("{count} links lead straight to the pages, which do not learn where you come from.")
    return Outcome(state="kept", found=found, values=values)


async def can_be_posted(scene: Scene) -> Outcome:
    word = await scene.found_word() or canary_word()
    got, posted = await scene.page(f"/search?q={quote(word, safe='')}"), await scene.posted({"q": word})
    base = scene.context.site.public_url
    mine = [
        {one.url for one in read(page.body, base).links if strangers([one.url], {base})}
        for page in (got, posted)
    ]
    further = [link.url for link in read(posted.body, base).links if link.rel & {"next", "prev"}]
    leaks = any(quote(word, safe="") in url for url in further)
    kept = {one.header("cache-control") for one in (got, posted)}
    if posted.status != 200 or mine[0] != mine[1] or leaks or kept != {"no-store"}:
        return Outcome(
            state="broken", found=_("A search by POST does not give the same, or leaves its words.")
        )
    found = _(
        "By POST the same results come, and no address holds the words. Nothing may be kept (no-store)."
    )
    return Outcome(state="kept", found=found)
