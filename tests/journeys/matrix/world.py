"""One served home with two persons, and what they do in a browser without script."""

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
from tests.journeys.serving import Server

SOON_S = 20.0
QUIET_S = 1.0
MOST_HOPS = 12
MOST_RIGHTS = 50
DETAIL = "synfonium-object"
T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, within_s: float = SOON_S) -> T:
    """What is there, as soon as something is."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return found


class Somebody:
    """A person of the home: their browser, which knows several origins, and a program of theirs."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        bearer = {"authorization": f"Bearer {server.person(name, display=name.title())}"}
        self.program = httpx.Client(base_url=server.local, headers=bearer, timeout=30)
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        self.browser = httpx.Client(base_url=server.local, headers=headers, timeout=60)
        signed = self.post("/signin", {"name": name, "password": f"{name}-password-1"})
        assert signed.status_code == 303, signed.text

    def close(self) -> None:
        self.program.close()
        self.browser.close()

    def go(self, url: str) -> httpx.Response:
        """Where the browser ends up, by whatever leads on."""
        return self._follow(self.browser.get(url))

    def send(self, url: str, form: Mapping[str, Any]) -> httpx.Response:
        return self._follow(self.post(url, form))

    def post(self, url: str, form: Mapping[str, Any]) -> httpx.Response:
        """The answer to a form of the page's own origin, and no further."""
        parts = urlsplit(urljoin(self.server.local, url))
        return self.browser.post(url, data=dict(form), headers={"origin": f"{parts.scheme}://{parts.netloc}"})

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        for _hop in range(MOST_HOPS):
            to = leads_to(answer)
            if not to:
                return answer
            answer = self.browser.get(to)
        raise AssertionError(f"too many hops: {answer.url}")

    def choose(self, picker: httpx.Response, app: str, title: str) -> httpx.Response:
        """Gives what is called so among the things of `app`, as the picker shows them."""
        sealed = sealed_in(picker)
        shown = self.browser.get("/fabric/pick", params={"request": sealed, "app": app, "q": title})
        choices = re.findall(r'name="chosen" value="([^"]+)"(.*?)</li>', shown.text, re.DOTALL)
        found = {unescape(value) for value, around in choices if f">{title}<" in unescape(around)}
        assert len(found) == 1, f"{title} among {found}"
        return self.post("/fabric/pick", {"request": sealed, "chosen": found.pop(), "decision": "give"})

    def take_back(self, app: str, address: str = "") -> None:
        """Every right of an app to one thing, or to whatever it has, with what was cut from it."""
        for _round in range(MOST_RIGHTS):
            if not (found := self.rights(app, address)):
                return
            assert self.post(f"/fabric/grants/{found[0]}/revoke", {}).status_code == 303
        raise AssertionError(f"{app} still has {address}")

    def rights(self, app: str, address: str = "") -> list[str]:
        """The grants that an app has of this person, the first given first; of one thing when it is named."""
        held = self.browser.get("/fabric/grants/list.json").json()["grants"]
        of_app = [one for one in held if one["app"] == app and address in ("", one["object"])]
        return sorted(one["grant"] for one in of_app)

    def act(self, name: str, object_: str = "", **input_: Any) -> dict[str, Any]:
        """By a program of theirs."""
        answer = self.program.post(f"/fabric/actions/{name}", json={"object": object_, "input": input_})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def finds(self, word: str, app: str) -> list[str]:
        """Addresses of theirs that the one search knows."""
        hits = self.program.get("/fabric/search", params={"q": word, "app": app}).json()["hits"]
        return [hit["address"] for hit in hits]


class Client:
    """An app as the home knows it: a confidential client that asks for itself, beside its own pages."""

    def __init__(self, server: Server, told: Mapping[str, str], origin: str) -> None:
        self._server, self._back = server, f"{origin}/callback"
        self._own = (told["client_id"], told["client_secret"])

    def token(self, person: Somebody, app: str, title: str, actions: tuple[str, ...]) -> httpx.Client:
        """With what the person chose."""
        detail = {"type": DETAIL, "interfaces": ["file/1"], "actions": actions}
        verifier = secrets.token_urlsafe(40)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "redirect_uri": self._back,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([detail]),
        }
        pushed = httpx.post(f"{self._server.local}/oauth/par", data=asked, auth=self._own)
        assert pushed.status_code == 201, pushed.text
        query = urlencode({"client_id": self._own[0], "request_uri": pushed.json()["request_uri"]})
        given = person.choose(person.go(f"/fabric/pick?{query}"), app, title)
        code = parse_qs(urlsplit(leads_to(given)).query)["code"][0]
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        answer = httpx.post(f"{self._server.local}/oauth/token", data=fields, auth=self._own)
        assert answer.status_code == 200, answer.text
        bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=self._server.local, headers=bearer, timeout=30)


def leads_to(answer: httpx.Response) -> str:
    """Where a browser goes on by itself, or ""."""
    if answer.has_redirect_location:
        return urljoin(str(answer.url), answer.headers["location"])
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    return urljoin(str(answer.url), unescape(found[1])) if found else ""


def sealed_in(page: httpx.Response) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found, page.text[:3000]
    return unescape(found[1])
