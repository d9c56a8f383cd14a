"""A person with a browser: follows redirects, signs in, agrees, and ends at a site or a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from .provider import ISSUER, PASSWORD, Provider

MOST_STEPS = 15
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}


@dataclass
class Form:
    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What of a page moves a browser on: its forms and a refresh."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.refresh = ""
        self.links: list[str] = []
        self._form: Form | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.refresh = given.get("content", "").partition("url=")[2]
        elif tag == "a":
            self.links.append(given.get("href", ""))
        elif self._form is not None:
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _control(self, tag: str, given: dict[str, str]) -> None:
        form, name = self._form, given.get("name", "")
        assert form is not None
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag in ("input", "textarea", "select") and name:
            kind = given.get("type", "text")
            form.types[name] = kind
            if kind not in ("checkbox", "radio") or "checked" in given:
                form.fields.setdefault(name, given.get("value", ""))


@dataclass
class Answer:
    """Where a journey ended. At a site: `url`, `method`, `fields`; else a page with `status`."""

    status: int = 0
    text: str = ""
    url: str = ""
    method: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    query: dict[str, str] = field(default_factory=dict)
    fragment: str = ""
    signed_in: int = 0
    agreed: int = 0
    pages: list[httpx.Response] = field(default_factory=list)

    @property
    def came_back(self) -> bool:
        return bool(self.method)

    @property
    def error(self) -> str:
        return self.fields.get("error", "")

    @property
    def code(self) -> str:
        assert "code" in self.fields, (self.fields, self.status, self.text[:2000])
        return self.fields["code"]


class Browser:
    """Keeps cookies; signs in as `name` when it is asked to and `signs_in`."""

    def __init__(self, op: Provider, name: str = "ada") -> None:
        self.op, self.name = op, name
        self.client = op.client(**SAME_ORIGIN)
        self.signs_in, self.decision, self.confirms = True, "allow", True

    async def open(self, url: str) -> Answer:
        """Follows `url` as far as it goes."""
        return await self._follow(await self.client.get(url, headers={"sec-fetch-site": "cross-site"}))

    async def send(self, url: str, fields: dict[str, str]) -> Answer:
        """Another site's form that is sent here; cookies are SameSite=Lax and stay behind."""
        async with self.op.client(**{**SAME_ORIGIN, "sec-fetch-site": "cross-site"}) as form:
            answer = await form.post(url, data=fields)
        return await self._follow(answer)

    async def look(self, url: str) -> httpx.Response:
        """The first page or redirect, without going on."""
        return await self.client.get(url, headers={"sec-fetch-site": "cross-site"})

    async def sign_in(self) -> None:
        self.signs_in = True
        fields = {"name": self.name, "password": PASSWORD.format(name=self.name)}
        answer = await self.client.post("/signin", data=fields)
        assert answer.status_code == 303, answer.text

    async def sign_out(self) -> None:
        await self.client.post("/signout")

    async def close(self) -> None:
        await self.client.aclose()

    async def _follow(self, response: httpx.Response) -> Answer:
        came = Answer()
        for _ in range(MOST_STEPS):
            came.pages.append(response)
            if response.is_redirect:
                url = urljoin(str(response.url), response.headers["location"])
                if not _is_ours(url):
                    return _at_site(came, "GET", url, {})
                response = await self.client.get(url)
                continue
            moved = await self._move(came, response)
            if isinstance(moved, Answer):
                return moved
            response = moved
        raise AssertionError(f"no end after {MOST_STEPS} steps: {response.url}")

    async def _move(self, came: Answer, response: httpx.Response) -> httpx.Response | Answer:
        came.status, came.text = response.status_code, response.text
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if not is_page or response.status_code >= 400:
            return came
        page = Page(response.text)
        if page.refresh and not _is_ours(urljoin(str(response.url), page.refresh)):
            return _at_site(came, "GET", page.refresh, {})
        for form in page.forms:
            action = urljoin(str(response.url), form.action)
            if not _is_ours(action):
                return _at_site(came, form.method.upper(), action, form.fields)
            filled = self._confirmed(form, action, came) or self._filled(form, came)
            if filled is not None:
                return await self.client.post(action, data=filled)
        return came

    def _confirmed(self, form: Form, action: str, came: Answer) -> dict[str, str] | None:
        """The question whether to sign out, answered with its first button."""
        ends = str(self.op.metadata.get("end_session_endpoint", "-"))
        if not self.confirms or form.method != "post" or not action.startswith(ends):
            return None
        came.agreed += 1
        return {**form.fields, **dict(form.buttons[:1])}

    def _filled(self, form: Form, came: Answer) -> dict[str, str] | None:
        """The fields to send, or None for a form that is not part of the journey."""
        if "password" in form.types.values() and "name" in form.types:
            if not self.signs_in:
                return None
            came.signed_in += 1
            return {**form.fields, "name": self.name, "password": PASSWORD.format(name=self.name)}
        choices = {value for name, value in form.buttons if name == "decision"}
        if "allow" in choices and self.decision:
            came.agreed += 1
            return {**form.fields, "decision": self.decision}
        return None


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" == ISSUER


def _at_site(came: Answer, method: str, url: str, fields: dict[str, str]) -> Answer:
    parts = urlsplit(url)
    came.method = method
    came.url = f"{parts.scheme}://{parts.netloc}{parts.path}"
    came.pairs = parse_qsl(parts.query, keep_blank_values=True)
    came.query = dict(came.pairs)
    came.fields = came.query if method == "GET" else fields
    came.fragment = parts.fragment
    return came
