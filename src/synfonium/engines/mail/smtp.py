"""Letters by a mail server: submission over SMTP (RFC 5321, 6409), verified TLS."""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from synfonium.ports.mailer import NotSent, Outgoing, PerhapsSent

__all__ = ["SmtpMailer", "SmtpServer", "parse_smtp"]

TIMEOUT_S = 30.0
_LONGEST_LINE_BYTES = 998  # RFC 5321, section 4.5.3.1.6, without CRLF
_PORTS = {"starttls": 587, "implicit": 465, "off": 25}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Tls = Literal["starttls", "implicit", "off"]


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where letters are handed over. trust: PEM file of a private authority, or empty."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: Tls = "starttls"
    trust: str = ""

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.tls})"


def parse_smtp(url: str, password_file: str = "", trust: str = "") -> SmtpServer:
    """`smtp://USER:PASSWORD@HOST:PORT?tls=starttls|implicit|off`, user and password escaped.

    Raises ValueError, whose message names no secret, and OSError for the password's file.
    """
    form = "use outbox or smtp://user:password@host:port?tls=starttls"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(form) from None
    options = parse_qs(parts.query)
    tls = options.pop("tls", ["starttls"])[-1]
    if parts.scheme != "smtp" or not host or options or parts.path not in ("", "/") or tls not in _PORTS:
        raise ValueError(form)
    password = unquote(parts.password or "")
    if password_file:
        password = Path(password_file).read_text(encoding="utf-8").rstrip("\r\n")
    if password and tls == "off" and host not in _LOOPBACK:
        raise ValueError("a password needs tls=starttls or tls=implicit")
    return SmtpServer(
        host=host,
        port=port or _PORTS[tls],
        user=unquote(parts.username or ""),
        password=password,
        tls=tls,  # type: ignore[arg-type]  # checked above
        trust=trust,
    )


class SmtpMailer:
    """A Mailer (see the port) that hands each letter to one server, in a thread.

    The standard library's client, because it is kept up with Python and speaks the steps
    one by one: the mark of handing over belongs between DATA's answer and the content.
    """

    is_idempotent = False

    def __init__(self, server: SmtpServer, *, timeout_s: float = TIMEOUT_S) -> None:
        self._server, self._timeout_s = server, timeout_s
        self._tls = ssl.create_default_context(cafile=server.trust or None)

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        await asyncio.to_thread(self._send, mail, handing_over)

    async def check(self) -> None:
        await asyncio.to_thread(self._check)

    def _check(self) -> None:
        connection = self._open()
        try:
            _expect(connection.noop()[0], 250)
        except (smtplib.SMTPException, OSError) as error:
            raise _refusal(error) from None
        finally:
            _leave(connection)

    def _send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        _refuse_broken(mail)
        connection = self._open()
        try:
            self._offer(connection, mail)
            try:
                handing_over()
            except Exception as error:
                raise NotSent("not_marked", is_temporary=True) from error
            _hand_over(connection, mail.content)
            with suppress(smtplib.SMTPException, OSError):
                connection.putcmd("quit")
        finally:
            _leave(connection)

    def _open(self) -> smtplib.SMTP:
        server = self._server
        connection: smtplib.SMTP | None = None
        try:
            if server.tls == "implicit":
                connection = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=self._timeout_s, context=self._tls
                )
            else:
                connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
            connection.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                connection.starttls(context=self._tls)
                connection.ehlo()
            if server.user:
                connection.login(server.user, server.password)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if connection is not None:
                connection.close()
            raise _refusal(error) from None
        return connection

    def _offer(self, connection: smtplib.SMTP, mail: Outgoing) -> None:
        """MAIL, RCPT and DATA, up to the moment at which the content may come."""
        is_wide = not (mail.recipient.isascii() and mail.sender.isascii())
        if is_wide and not connection.has_extn("smtputf8"):
            raise NotSent("no_smtputf8", is_temporary=False)
        options = ["SMTPUTF8", "BODY=8BITMIME"] if is_wide else []
        if is_wide:
            connection.command_encoding = "utf-8"
        if connection.has_extn("size"):
            options.append(f"SIZE={len(mail.content)}")
        try:
            _expect(connection.mail(mail.sender, options)[0], 250)
            _expect(connection.rcpt(mail.recipient)[0], 250, 251)
            _expect(connection.docmd("DATA")[0], 354)
        except (smtplib.SMTPException, OSError) as error:
            raise _refusal(error) from None


def _hand_over(connection: smtplib.SMTP, content: bytes) -> None:
    """The content and the dot that ends it. From here on silence means: perhaps."""
    body = re.sub(rb"(?m)^\.", b"..", content)
    try:
        connection.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code = connection.getreply()[0]
    except (smtplib.SMTPException, OSError):
        raise PerhapsSent from None
    if not 200 <= code < 300:
        if code < 400:
            raise PerhapsSent
        raise NotSent(f"smtp_{code}", is_temporary=code < 500)


def _expect(code: int, *wanted: int) -> None:
    if code not in wanted:
        raise NotSent(f"smtp_{code}", is_temporary=not 500 <= code < 600)


def _refusal(error: Exception) -> NotSent:
    """Why nothing was sent, without the server's words: they may quote an address."""
    if isinstance(error, NotSent):
        return error
    if isinstance(error, ssl.SSLError):
        return NotSent("tls", is_temporary=True)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # The operator can mend it, and then the letters go.
        return NotSent("password", is_temporary=True)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent("not_supported", is_temporary=True)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return NotSent(f"smtp_{error.smtp_code}", is_temporary=True)
    return NotSent("no_connection", is_temporary=True)


def _refuse_broken(mail: Outgoing) -> None:
    """What could end a line of the protocol early, before anything is sent."""
    for address in (mail.sender, mail.recipient):
        if not address or any(c in "\r\n\0<>" for c in address):
            raise NotSent("bad_address", is_temporary=False)
    lines = mail.content.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise NotSent("bad_line", is_temporary=False)
    if any(len(line) > _LONGEST_LINE_BYTES for line in lines):
        raise NotSent("long_line", is_temporary=False)


def _leave(connection: smtplib.SMTP) -> None:
    # Without QUIT inside DATA: the end of the connection takes back what was not ended.
    with suppress(smtplib.SMTPException, OSError, AttributeError):
        connection.close()
