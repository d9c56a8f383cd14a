"""Radicale, which knows nothing of us: it takes a folder, and what it writes there are things of Drive."""

from collections.abc import Mapping

from tests.journeys.matrix.givers import DriveGives, Thing, in_drive, written
from tests.journeys.matrix.world import Somebody, eventually
from tests.journeys.radicale import Browser, Radicale
from tests.journeys.serving import Server

from synfonium.apps.fabric.contract import FILE, FOLDER

COLLECTION = "feasts"
MEDIA_TYPE = "text/calendar"
MAKE = """<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">
<D:set><D:prop><D:displayname>Feasts</D:displayname></D:prop></D:set></mkcalendar>"""
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260701T080000Z
DTSTART:20260714T100000Z
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
"""


class Plain:
    """A served home as the journey of Radicale knows one."""

    def __init__(self, server: Server) -> None:
        self.url, self.port, self._run = server.local, server.port, server.run
        self.environment: Mapping[str, str] = server.environment

    def run(self, *words: str) -> str:
        return self._run(*words).stdout


class RadicaleTakes:
    """Behind forward-auth: a person in a browser, who gives a folder, and their phone."""

    def __init__(self, app: Radicale, person: Somebody) -> None:
        self._app, self._person = app, person
        self._browser = Browser(app.server, person.name, f"{person.name}-password-1")
        self._there = self._browser.come_in(app)
        told = app.server.run("user", "token", person.name, "--label", "phone", "--scope", "app.radicale")
        self.phone = app.client(person.name, told.split()[-1])

    def close(self) -> None:
        self.phone.close()
        self._there.close()
        self._browser.here.close()

    def pick(self, thing: Thing) -> None:
        with self._app.client(**{"X-Remote-User": self._person.name}) as forger:
            assert forger.request("PROPFIND", f"/{self._person.name}/").status_code == 401
        self._browser.give(self._app, self._there, thing.title)
        eventually(self._app.shown(self._person.name).is_mount, self._app.log())

    def reads(self, thing: Thing) -> bool:
        answer = self.phone.request("PROPFIND", f"/{self._person.name}/", headers={"depth": "0"})
        at = self._app.shown(self._person.name) / thing.file
        try:
            return answer.status_code == 207 and at.read_text() == thing.text
        except OSError:
            return False

    def writes(self, folder: Thing, name: str) -> None:
        self.make(name)

    def make(self, collection: str) -> int:
        """The status of the answer to a new calendar."""
        path = f"/{self._person.name}/{collection}/"
        return self.phone.request("MKCALENDAR", path, content=MAKE.encode()).status_code

    def make_soon(self, collection: str) -> None:
        """As `make`, in a folder that just got its name."""
        eventually(lambda: self.make(collection) == 201, self._app.log())

    def put(self, path: str, summary: str) -> None:
        """An event. In a folder that just got its name it may take a moment."""
        uid = path.rpartition("/")[2].removesuffix(".ics")
        event = EVENT.format(uid=uid, summary=summary).replace("\n", "\r\n").encode()
        at = f"/{self._person.name}/{path}"
        eventually(lambda: self.phone.put(at, content=event).status_code in (201, 204), self._app.log())


class RadicaleGives:
    """Calendars and events, in a folder that is given to it when it has none."""

    happens = DriveGives.happens

    def __init__(self, takes: RadicaleTakes) -> None:
        self._takes, self._drive = takes, DriveGives()
        self._folder: Thing | None = None

    def thing(self, person: Somebody, face: str) -> Thing:
        folder = self._given(person)
        word, text = written()
        collection, file = (word if face == FOLDER else COLLECTION), f"{word}.ics"
        if face == FOLDER:
            self._takes.make_soon(collection)
        self._takes.put(f"{collection}/{file}", text)
        at = f"/dav/files/{person.name}/{folder.title}/{collection}/{file}"
        eventually(lambda: person.program.get(at).status_code == 200, "it does not come to Drive")
        title = word if face == FOLDER else file
        return Thing(
            address=in_drive(person, title),
            title=title,
            face=face,
            of="drive",
            word=word,
            file=file,
            text=person.program.get(at).text,
        )

    def change(self, person: Somebody, thing: Thing) -> None:
        assert thing.face == FILE
        self._takes.put(f"{COLLECTION}/{thing.file}", f"{thing.word} changed")

    def _given(self, person: Somebody) -> Thing:
        if self._folder is None or not person.rights("radicale", self._folder.address):
            self._folder = self._drive.thing(person, FOLDER)
            self._takes.pick(self._folder)
            assert self._takes.make(COLLECTION) == 201
        return self._folder
