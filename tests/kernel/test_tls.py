"""Certificates of the front: an own authority, the operator's files, what is refused."""

import asyncio
import socket
import ssl
import stat
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from synfonium.kernel.asgi import Receive, Scope, Send, respond
from synfonium.kernel.config import ConfigError, HouseConfig
from synfonium.kernel.server import Listener
from synfonium.kernel.tls import check_tls
from synfonium.kernel.tls.authority import InternalCertificates, issue
from synfonium.kernel.tls.certificate import Names, key_pem, new_key
from synfonium.kernel.tls.operator_files import OperatorFiles

NAMES = Names.of({"cloud.example.org", "localhost", "127.0.0.1"})
DAY_S = 86400.0


class MovedClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC).timestamp()

    def now_s(self) -> float:
        return self.now


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def internal(tmp_path: Path, clock: MovedClock) -> InternalCertificates:
    return InternalCertificates(tmp_path / "tls", NAMES, clock)


def chain(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def verify(leaf: x509.Certificate, authority: x509.Certificate, name: x509.GeneralName, now_s: float) -> None:
    builder = PolicyBuilder().store(Store([authority])).time(datetime.fromtimestamp(now_s, UTC))
    builder.build_server_verifier(name).verify(leaf, [])  # type: ignore[arg-type]


def test_a_client_that_trusts_the_authority_accepts_every_name_of_ours(
    internal: InternalCertificates, clock: MovedClock
) -> None:
    leaf, authority = chain(internal.pair().certificate)
    names = [x509.DNSName("cloud.example.org"), x509.DNSName("localhost")]
    for name in (*names, x509.IPAddress(ip_address("127.0.0.1"))):
        verify(leaf, authority, name, clock.now)


def test_a_stolen_authority_can_vouch_for_no_other_name(
    internal: InternalCertificates, clock: MovedClock, tmp_path: Path
) -> None:
    internal.pair()
    stolen = (tmp_path / "tls" / "authority.pem").read_bytes()
    authority = x509.load_pem_x509_certificate(stolen)
    key = serialization.load_pem_private_key(stolen, None)
    now = datetime.fromtimestamp(clock.now, UTC)
    for text in ("bank.example", "192.0.2.7"):
        forged = issue(authority, key, new_key(), Names.of({text}), now)  # type: ignore[arg-type]
        name = x509.IPAddress(ip_address(text)) if text[0].isdigit() else x509.DNSName(text)
        with pytest.raises(VerificationError):
            verify(forged, authority, name, clock.now)


def test_a_certificate_renews_itself_and_devices_need_not_trust_anew(
    internal: InternalCertificates, clock: MovedClock
) -> None:
    first = internal.pair()
    clock.now += 59 * DAY_S
    assert internal.pair() == first
    before = chain(first.certificate)
    clock.now += 2 * DAY_S
    assert internal.pair().version != first.version
    after = chain(first.certificate)
    assert after[1] == before[1]
    verify(after[0], before[1], x509.DNSName("cloud.example.org"), clock.now)


def test_another_name_needs_another_authority(tmp_path: Path, clock: MovedClock) -> None:
    first = chain(InternalCertificates(tmp_path, NAMES, clock).pair().certificate)
    fewer = InternalCertificates(tmp_path, Names.of({"cloud.example.org"}), clock)
    assert chain(fewer.pair().certificate)[1] == first[1]
    other = InternalCertificates(tmp_path, Names.of({"other.example"}), clock)
    assert chain(other.pair().certificate)[1] != first[1]


def test_keys_are_readable_by_their_owner_alone(internal: InternalCertificates, tmp_path: Path) -> None:
    internal.pair()
    found = sorted((tmp_path / "tls").iterdir())
    assert [path.name for path in found] == ["authority.pem", "internal.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def test_a_damaged_certificate_is_made_anew(internal: InternalCertificates) -> None:
    pair = internal.pair()
    pair.certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\nnonsense")
    assert len(chain(internal.pair().certificate)) == 2


async def test_the_download_is_the_certificate_and_never_the_key(internal: InternalCertificates) -> None:
    internal.pair()
    door = internal.doors["/.well-known/synfonium/authority.crt"]
    sent: list[bytes] = []

    async def send(message: object) -> None:
        sent.append(dict(message).get("body", b""))  # type: ignore[call-overload]

    scope: Scope = {"method": "GET", "path": "/.well-known/synfonium/authority.crt", "headers": []}
    await door(scope, None, send)  # type: ignore[arg-type]
    body = b"".join(sent)
    extension = x509.load_der_x509_certificate(body).extensions.get_extension_for_class(x509.BasicConstraints)
    assert extension.value.ca
    assert b"PRIVATE" not in body


# The operator's files


@pytest.fixture
def files(internal: InternalCertificates, tmp_path: Path) -> tuple[Path, Path]:
    pem = internal.pair().certificate.read_text()
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    start = pem.index("-----BEGIN PRIVATE")
    certificate.write_text(pem[:start])
    key.write_text(pem[start:])
    return certificate, key


def test_files_that_change_are_another_version(files: tuple[Path, Path]) -> None:
    certificates = OperatorFiles(*files)
    first = certificates.pair()
    assert certificates.pair() == first
    files[0].write_text(files[0].read_text() + "\n")
    assert certificates.pair().version != first.version


def test_a_key_of_another_certificate_is_refused(files: tuple[Path, Path]) -> None:
    files[1].write_bytes(key_pem(new_key()))
    with pytest.raises(ConfigError, match="are not a PEM certificate and its key"):
        OperatorFiles(*files).pair()


def test_a_key_with_a_password_is_refused_and_asks_nobody(files: tuple[Path, Path]) -> None:
    sealed = new_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    files[1].write_bytes(sealed)
    with pytest.raises(ConfigError):
        OperatorFiles(*files).pair()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"tls": "on"}, "tls is off, internal, acme or files:"),
        ({"tls": "files:/one"}, "tls is off, internal, acme or files:"),
        ({"tls": "files:/nowhere/a.pem,/nowhere/b.pem"}, "cannot be read: No such file"),
        ({"tls": "internal", "public_url": "http://cloud.example.org"}, "begin with https://"),
        ({"tls": "internal", "content_url": "http://content.example.org"}, "begin with https://"),
        ({"tls": "acme"}, "needs public_url with a public name"),
        ({"tls": "acme", "public_url": "https://192.0.2.7"}, "needs public_url with a public name"),
        ({"tls": "acme", "public_url": "https://nas"}, "needs public_url with a public name"),
        (
            {"tls": "acme", "public_url": "https://cloud.example.org", "acme_trust": "/nowhere/ca.pem"},
            "acme_trust: /nowhere/ca.pem is not a file",
        ),
    ],
)
def test_what_could_not_be_served_is_refused_in_one_sentence(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        check_tls(HouseConfig(**settings), tmp_path)
    assert "\n" not in str(refused.value)


# Without a restart


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_new_certificate_is_served_while_an_old_download_goes_on(
    internal: InternalCertificates, clock: MovedClock, port: int
) -> None:
    more = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] != "/slow":
            await respond(send, 200, [])
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b"last"})

    first = internal.pair()
    old = chain(first.certificate)[0].serial_number
    listener = Listener(app, port=port, tls=first)
    await listener.start()
    try:
        reader, writer = await _connect(port)
        writer.write(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"first"), 5)
        clock.now += 61 * DAY_S
        listener.renew(internal.pair())
        async with asyncio.timeout(15):
            while await _serial(port) == old:  # noqa: ASYNC110 - the other side tells nobody
                await asyncio.sleep(0.2)
        more.set()
        await asyncio.wait_for(reader.readuntil(b"last"), 5)
        writer.close()
    finally:
        await listener.stop()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return await asyncio.open_connection("127.0.0.1", port, ssl=context)


async def _serial(port: int) -> int:
    _reader, writer = await _connect(port)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der).serial_number
