"""Letters go out after the commit, once, and nothing in them can become something else."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from synfonium.common.problem import BadInput
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.app import installed_apps
from synfonium.kernel.mail import Letter, Mail, mail_table
from synfonium.kernel.mail.compose import Composer
from synfonium.kernel.mail.post import Postman, PostRules
from synfonium.kernel.mail.queue import Queued
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.kernel.site import Site
from synfonium.libraries.mail_address import parse_address
from synfonium.ports.database import Database
from synfonium.ports.mailer import NotSent, Outgoing, PerhapsSent

SECRETS = InstallationSecretBox(bytes(32))
SITE = Site(public_url="https://cloud.example.org", content_url="https://content.example.org")
TEST = "identity/mail/test"
metadata = MetaData()
table = mail_table("identity", metadata)


class MovedClock:
    def __init__(self) -> None:
        self.time_s = 1_800_000_000.0

    def now_s(self) -> float:
        return self.time_s


class Scripted:
    """A mailer that does what it is told; by default it accepts."""

    def __init__(self, *, is_idempotent: bool = False) -> None:
        self.is_idempotent = is_idempotent
        self.answers: list[Exception | None] = []
        self.accepted: list[Outgoing] = []
        self.before: Callable[[], None] = lambda: None

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, NotSent):
            raise answer
        await asyncio.to_thread(handing_over)
        self.before()
        if answer is not None:
            raise answer
        self.accepted.append(mail)

    async def check(self) -> None:
        return


def composer(name: str = "Val-Joli", language: str = "en") -> Composer:
    sender = "cloud@example.org"
    return Composer(installed_apps(), site=SITE, name=name, sender=sender, secrets=SECRETS, language=language)


def queued(letter: Letter) -> Queued:
    return Queued(seq=1, id="0" * 26, letter=letter, attempts=0, added_s=1_800_000_000.0)


def letter(to: str = "ada@example.org", **more: object) -> Letter:
    values = {"admin_url": f"{SITE.public_url}/admin/mail"}
    return Letter(to=to, template=TEST, values=values, **more)  # type: ignore[arg-type]


def composed(one: Letter, name: str = "Val-Joli") -> EmailMessage:
    content = composer(name)(queued(one)).content
    message = email.message_from_bytes(content, policy=email.policy.SMTP.clone(utf8=True))
    assert isinstance(message, EmailMessage)
    return message


class House:
    """An app's letters, and a postman who has a scripted mailer."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.mailer = database, MovedClock(), Scripted()
        self.mail = Mail("identity", self.clock, SECRETS)
        self.stopped: set[tuple[str, str]] = set()
        self.rules = PostRules(poll_s=0.01)
        self.postman = self.make_postman()

    def make_postman(self) -> Postman:
        async def refuses(person: str, topic: str) -> bool:
            return (person, topic) in self.stopped

        return Postman(
            database=self.database,
            mail=self.mail,
            mailer=self.mailer,
            compose=composer(),
            refuses=refuses,
            clock=self.clock,
            rules=self.rules,
        )

    async def add(self, one: Letter | None = None) -> str:
        return await self.database.write(lambda c: self.mail.add(c, one or letter()))

    async def rows(self) -> list[tuple[str, int, str]]:
        return await self.database.read(
            lambda c: [(r.state, r.attempts, r.code) for r in c.execute(table.select().order_by(table.c.seq))]
        )

    async def deliver(self) -> None:
        while await self.postman.deliver():
            pass


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = open_sqlite(tmp_path / "identity.sqlite")
    database.alter(metadata.create_all)
    made = House(database)
    yield made
    await made.postman.stop()
    database.close()


async def test_a_letter_goes_out_soon_after_its_commit_and_its_row_is_gone(house: House) -> None:
    house.mail.on_added = house.postman.wake
    house.postman.start()
    await asyncio.sleep(0.05)
    letter_id = await house.add()
    for _ in range(200):
        if not await house.rows():
            break
        await asyncio.sleep(0.01)
    assert [mail.message_id for mail in house.mailer.accepted] == [f"<{letter_id}@cloud.example.org>"]
    assert await house.rows() == []


async def test_a_letter_of_a_write_that_failed_is_never_sent(house: House) -> None:
    def fail(connection) -> None:
        house.mail.add(connection, letter())
        raise LookupError

    with pytest.raises(LookupError):
        await house.database.write(fail)
    await house.deliver()
    assert house.mailer.accepted == []


async def test_neither_address_nor_words_lie_in_the_database_in_plain(house: House, tmp_path: Path) -> None:
    await house.add(Letter(to="ada@example.org", template=TEST, values={"secret": "opensesame"}))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ada@example" not in kept
    assert b"opensesame" not in kept


async def test_a_letter_that_cannot_go_now_waits_longer_each_time(house: House) -> None:
    house.mailer.answers = [NotSent("smtp_451", is_temporary=True)] * 3
    await house.add()
    waits = []
    for _ in range(3):
        await house.deliver()
        row = await house.database.read(lambda c: c.execute(table.select()).one())
        waits.append(row.next_s - house.clock.time_s)
        assert (row.state, row.code) == ("waiting", "smtp_451")
        house.clock.time_s = row.next_s - 1
        await house.deliver()
        assert house.mailer.accepted == []
        house.clock.time_s = row.next_s
    assert waits == [60, 120, 240]
    await house.deliver()
    assert len(house.mailer.accepted) == 1


async def test_after_three_days_a_letter_has_failed_and_the_administrator_sees_it(house: House) -> None:
    house.mailer.answers = [NotSent("no_connection", is_temporary=True)] * 2
    letter_id = await house.add()
    await house.deliver()
    house.clock.time_s += house.rules.give_up_s
    await house.deliver()
    assert await house.rows() == [("failed", 1, "no_connection")]
    troubled = await house.database.read(house.mail.troubled)
    assert troubled == [(letter_id, "failed", "no_connection", house.clock.time_s)]
    state = await house.database.read(house.mail.state)
    assert (state.failed, state.waiting, state.last_code) == (1, 0, "no_connection")


async def test_what_failed_for_good_keeps_no_address_and_is_forgotten_after_a_month(house: House) -> None:
    house.mailer.answers = [NotSent("smtp_550", is_temporary=False)]
    await house.add()
    await house.deliver()
    sealed = await house.database.read(lambda c: c.execute(table.select()).one().sealed)
    assert sealed == b""
    house.clock.time_s += 31 * 86_400
    await house.database.write(lambda c: house.mail.recover(c, is_idempotent=False))
    assert await house.rows() == []


async def test_no_answer_after_handing_over_is_perhaps_sent_and_never_tried_again(house: House) -> None:
    house.mailer.answers = [PerhapsSent()]
    await house.add()
    await house.deliver()
    house.clock.time_s += 86_400
    await house.deliver()
    assert house.mailer.accepted == []
    assert await house.rows() == [("perhaps", 0, "no_answer")]


async def test_a_row_marked_before_a_crash_is_not_sent_again(house: House) -> None:
    await house.add()
    await house.database.write(lambda c: house.mail.hand(c, 1))
    await house.postman._recover()
    await house.deliver()
    assert house.mailer.accepted == []
    assert await house.rows() == [("perhaps", 0, "crash")]


async def test_where_the_same_message_id_counts_once_it_is_sent_again(house: House) -> None:
    house.mailer.is_idempotent = True
    await house.add()
    await house.database.write(lambda c: house.mail.hand(c, 1))
    await house.postman._recover()
    await house.deliver()
    assert len(house.mailer.accepted) == 1


async def test_the_row_is_marked_before_the_engine_hands_over(house: House) -> None:
    seen: list[str] = []
    house.mailer.before = lambda: seen.append(
        house.database.submit_read(lambda c: c.execute(table.select()).one().state).result()
    )
    await house.add()
    await house.deliver()
    assert seen == ["handing"]


async def test_a_commit_that_fails_after_sending_does_not_send_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError("a full disk")])
    sent = house.mail.sent

    def fail_once(connection, seq) -> None:
        for error in failures:
            raise error
        sent(connection, seq)

    monkeypatch.setattr(house.mail, "sent", fail_once)
    await house.add()
    with pytest.raises(RuntimeError):
        await house.postman.deliver()
    await house.deliver()
    assert len(house.mailer.accepted) == 1
    assert await house.rows() == []


async def test_a_notice_that_the_person_has_stopped_is_not_sent(house: House) -> None:
    house.stopped.add(("person", "news"))
    await house.add(letter(about="person", topic="news"))
    await house.add(letter(about="person"))
    await house.deliver()
    assert len(house.mailer.accepted) == 1
    assert await house.rows() == []


async def test_one_address_gets_twenty_letters_an_hour_and_the_others_later(house: House) -> None:
    for _ in range(25):
        await house.add()
    await house.add(letter("bob@example.org"))
    await house.deliver()
    to = [mail.recipient for mail in house.mailer.accepted]
    assert (to.count("ada@example.org"), to.count("bob@example.org")) == (20, 1)
    house.clock.time_s += 3601
    await house.deliver()
    assert len(house.mailer.accepted) == 26


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nbcc:eve@example.org",
        "ada\r\n@example.org",
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        '"ada\r\n"@example.org',
        "ada@exa\u2028mple.org",
        "ada@example.org, eve@example.org",
        "Ada <ada@example.org>",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@example",
        "ada@-example.org",
        "ada..lovelace@example.org",
        ".ada@example.org",
        "a" * 65 + "@example.org",
        "ada@" + "a." * 130 + "org",
        "ada@\u202eexample.org",
        "ad\u200ba@example.org",
        "@example.org",
        "ada@",
        "",
        "\x00@example.org",
        "ada(comment)@example.org",
        "\ud800@example.org",
    ],
)
async def test_what_is_no_plain_address_is_refused_and_nothing_is_queued(house: House, text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)
    with pytest.raises(BadInput):
        await house.add(letter(text))
    assert await house.rows() == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ada.Lovelace+x@Example.ORG ", "Ada.Lovelace+x@example.org"),
        ("zoé@exämple.org", "zoé@xn--exmple-cua.org"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ('"ada lovelace"@example.org', '"ada lovelace"@example.org'),
        ("o'brien@example.org", "o'brien@example.org"),
        ("zoe\u0301@example.org", "zo\u00e9@example.org"),
    ],
)
def test_what_is_an_address_is_kept_as_it_goes_into_an_envelope(text: str, address: str) -> None:
    assert parse_address(text) == address
    assert parse_address(address) == address
    assert f"\r\nTo: {address}\r\n".encode() in composer()(queued(letter(address))).content


def test_a_letter_says_what_it_is_and_that_nobody_need_answer() -> None:
    message = composed(letter())
    assert message["Message-ID"] == f"<{'0' * 26}@cloud.example.org>"
    assert message["From"] == "Val-Joli <cloud@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "List-Unsubscribe" not in message


def test_a_notice_can_be_stopped_by_one_click_and_a_needed_letter_cannot() -> None:
    message = composed(letter(about="0" * 26, topic="news"))
    url = message["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://cloud.example.org/mail/stop/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in message.iter_parts():
        assert url in part.get_content()


EVIL = "Ada\r\nBcc: eve@evil.example\r\n\r\n<img src=https://evil.example/p.gif> www.evil.example \u202e"


def test_what_a_person_wrote_becomes_neither_header_nor_markup_nor_link() -> None:
    message = composed(letter(), name=EVIL)
    assert "Bcc" not in message
    assert len(message.keys()) == len(composed(letter()).keys())
    values = {"admin_url": f"{SITE.public_url}/", "name": EVIL}
    text, html = _probe(values)
    assert "<img" not in html
    for words in (text, html):
        assert "evil.example" not in words.replace("https://cloud.example.org", "")
        assert "\r" not in words


def _probe(values: dict[str, object]) -> tuple[str, str]:
    """A letter that says a person's words everywhere a letter can."""
    from synfonium.kernel.mail.compose import _harmless

    made = composer()
    made._loader.mapping["probe"] = _Probe()  # type: ignore[attr-defined]
    subject, text, html = made.render("probe/mail", "fr", _harmless(values, SITE.public_url))
    assert "\n" not in subject
    return subject + text, html


def _Probe() -> object:
    import jinja2

    return jinja2.DictLoader(
        {
            "mail.html": "{% extends frame %}{% block subject %}{% trans %}Hello {{ name }}{% endtrans %}"
            "{% endblock %}{% block body %}{{ mail.p(_('Hello %(name)s', name=name)) }}{{ mail.quote(name) }}"
            "{{ mail.code(name) }}{{ mail.small(name) }}{{ mail.button(name, admin_url) }}{% endblock %}"
        }
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://cloud.example.org.evil.example/",
        "https://cloud.example.org@evil.example/",
        "javascript:alert(1)",
        "https://cloud.example.org/\r\nBcc: x",
        'https://cloud.example.org/"onclick=1',
    ],
)
def test_a_letter_leads_to_this_installation_only(url: str) -> None:
    with pytest.raises(ValueError):
        composer()(queued(Letter(to="ada@example.org", template=TEST, values={"admin_url": url})))


def test_no_line_of_a_message_is_longer_than_the_protocol_allows() -> None:
    long_name = "Installation with a very long name indeed " * 40
    content = composer(long_name)(queued(letter())).content
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    body = content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 78


def test_a_letter_loads_nothing_from_anywhere() -> None:
    html = composed(letter(about="0" * 26, topic="news")).get_body(("html",)).get_content()
    for mark in ("<img", "src=", "url(", "@import", "<link", "<script"):
        assert mark not in html


@pytest.mark.parametrize(("wished", "written"), [("", "fr"), ("de", "fr"), ("en", "en")])
def test_who_wished_for_no_language_is_written_to_in_the_installations(wished: str, written: str) -> None:
    content = composer(language="fr")(queued(letter(locale=wished))).content
    assert email.message_from_bytes(content)["Content-Language"] == written
