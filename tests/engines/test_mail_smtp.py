"""SMTP keeps the obligations of its port, against a real server; TLS is verified or nothing is said."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.engines.mail.smtp import SmtpMailer, parse_smtp
from synfonium.ports.mailer import Mailer, NotSent, PerhapsSent
from synfonium.testing.mail_suite import MailSuite, message

from .smtp_sink import PASSWORD, SmtpSink


class TestSmtpMailer(MailSuite):
    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with SmtpSink() as server:
            self.server = server
            yield

    async def make(self) -> Mailer:
        return SmtpMailer(parse_smtp(self.server.url()))

    def received(self) -> list[bytes]:
        return self.server.sink.contents

    async def break_it(self) -> None:
        self.server.stop()

    @pytest.mark.parametrize(("answer", "is_temporary"), [("451 later", True), ("550 nobody", False)])
    async def test_a_refused_recipient_is_not_sent(self, answer: str, is_temporary: bool) -> None:
        self.server.sink.rcpt_answer = answer
        marks: list[int] = []
        with pytest.raises(NotSent) as caught:
            await (await self.make()).send(message(), lambda: marks.append(1))
        assert (caught.value.code, caught.value.is_temporary) == (f"smtp_{answer[:3]}", is_temporary)
        assert marks == self.received() == []

    @pytest.mark.parametrize(("answer", "is_temporary"), [("452 full", True), ("554 no", False)])
    async def test_refused_content_is_not_sent(self, answer: str, is_temporary: bool) -> None:
        self.server.sink.content_answer = answer
        with pytest.raises(NotSent) as caught:
            await (await self.make()).send(message(), lambda: None)
        assert (caught.value.code, caught.value.is_temporary) == (f"smtp_{answer[:3]}", is_temporary)

    async def test_a_server_that_takes_it_and_hangs_up_has_perhaps_sent_it(self) -> None:
        self.server.sink.content_answer = None
        with pytest.raises(PerhapsSent):
            await (await self.make()).send(message(), lambda: None)
        assert len(self.received()) == 1

    async def test_a_unicode_local_part_goes_by_smtputf8(self) -> None:
        await (await self.make()).send(message(recipient="zoé@example.org"), lambda: None)
        assert self.server.sink.accepted[0].rcpt_tos == ["zoé@example.org"]

    async def test_a_quoted_local_part_arrives(self) -> None:
        await (await self.make()).send(message(recipient='"ada lovelace"@example.org'), lambda: None)
        assert self.server.sink.accepted[0].rcpt_tos == ['"ada lovelace"@example.org']

    @pytest.mark.parametrize("body", [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n", b"x" * 999 + b"\r\n"])
    async def test_a_line_that_could_be_read_in_two_ways_is_refused(self, body: bytes) -> None:
        with pytest.raises(NotSent) as caught:
            await (await self.make()).send(message(body=body), lambda: None)
        assert not caught.value.is_temporary
        assert self.received() == []


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Certificate, key and the authority that vouches for `localhost`."""
    return make_certificate(tmp_path)


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "server.pem", folder / "server.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private, pem


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_letters_and_password_go_by_verified_tls(tls: str, certified: tuple[Path, Path, Path]) -> None:
    certificate, key, authority = certified
    with SmtpSink(tls=tls, certificate=certificate, key=key, login=True) as server:
        mailer = SmtpMailer(parse_smtp(server.url(), trust=str(authority)))
        await mailer.check()
        await mailer.send(message(), lambda: None)
        assert server.sink.tls_used == [True]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(
    tls: str, certified: tuple[Path, Path, Path]
) -> None:
    certificate, key, authority = certified
    with SmtpSink(tls=tls, certificate=certificate, key=key, login=True) as server:
        for url, trust in ((server.url(), ""), (server.url(host="127.0.0.1"), str(authority))):
            with pytest.raises(NotSent) as caught:
                await SmtpMailer(parse_smtp(url, trust=trust)).send(message(), lambda: None)
            assert (caught.value.code, caught.value.is_temporary) == ("tls", True)
        assert server.sink.accepted == []


async def test_a_server_without_starttls_gets_nothing_in_plain() -> None:
    with SmtpSink() as server:
        url = server.url().replace("tls=off", "tls=starttls")
        with pytest.raises(NotSent) as caught:
            await SmtpMailer(parse_smtp(url)).send(message(), lambda: None)
        assert caught.value.code == "not_supported"
        assert server.sink.accepted == []


async def test_a_wrong_password_is_said_without_it_and_may_be_mended(
    certified: tuple[Path, Path, Path],
) -> None:
    certificate, key, authority = certified
    with SmtpSink(tls="starttls", certificate=certificate, key=key, login=True) as server:
        mailer = SmtpMailer(parse_smtp(server.url(password="wrong"), trust=str(authority)))
        with pytest.raises(NotSent) as caught:
            await mailer.check()
        assert (caught.value.code, caught.value.is_temporary) == ("password", True)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        mailer = SmtpMailer(parse_smtp(f"smtp://127.0.0.1:{port}?tls=off"), timeout_s=0.3)
        with pytest.raises(NotSent) as caught:
            await mailer.send(message(), lambda: None)
        assert caught.value.code == "no_connection"


async def test_a_server_that_answers_nonsense_has_sent_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def talk() -> None:
            connection, _peer = server.accept()
            with connection:
                connection.sendall(b"\xff\xfe" * 5000 + b"\r\n" + b"220" + b"x" * 100_000)

        thread = threading.Thread(target=talk)
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises(NotSent):
            await SmtpMailer(parse_smtp(f"smtp://127.0.0.1:{port}?tls=off"), timeout_s=2).send(
                message(), lambda: None
            )
        thread.join()


def test_the_password_may_stand_in_a_file_and_shows_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    server = parse_smtp("smtp://cloud@mail.example.org", str(path))
    assert (server.password, server.port, server.tls) == (PASSWORD, 587, "starttls")
    assert PASSWORD not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://user:secret@mail.example.org?tls=off",
        "smtp://mail.example.org?tls=maybe",
        "smtp://mail.example.org?starttls=1",
        "smtp://",
        "smtps://mail.example.org",
        "smtp://mail.example.org:x",
        "sendmail",
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_smtp(url)
    assert "secret" not in str(caught.value)
