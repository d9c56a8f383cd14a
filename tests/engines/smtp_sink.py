"""A real SMTP server on loopback that keeps what it accepts and refuses as it is told."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from synfonium.testing.ports import free_ports

USER, PASSWORD = "cloud", "correct horse"


class Sink:
    """The handler. `content_answer`: what is said to the content; None hangs up without a word."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.tls_used: list[bool] = []
        self.rcpt_answer = ""
        self.content_answer: str | None = "250 OK"
        self.after_accepting: Callable[[], None] = lambda: None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.content_answer is None or self.content_answer.startswith("250"):
            self.accepted.append(envelope)
            self.tls_used.append(server.transport.get_extra_info("sslcontext") is not None)
            self.after_accepting()
        if self.content_answer is None:
            server.transport.abort()
            return "250 never seen"
        return self.content_answer

    @property
    def contents(self) -> list[bytes]:
        return [bytes(envelope.original_content or b"") for envelope in self.accepted]


class SmtpSink:
    """Runs between `with`; `url` is the setting that leads to it."""

    def __init__(
        self,
        *,
        tls: str = "off",
        certificate: Path | None = None,
        key: Path | None = None,
        login: bool = False,
    ) -> None:
        self.sink = Sink()
        context = None
        if certificate is not None and key is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, key)
        options: dict[str, Any] = {"enable_SMTPUTF8": True, "decode_data": False, "hostname": "127.0.0.1"}
        if login:
            options |= {
                "authenticator": _authenticate,
                "auth_required": True,
                "auth_require_tls": tls == "starttls",
            }
        if tls == "implicit":
            options["ssl_context"] = context
        elif tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        self._controller = Controller(self.sink, port=free_ports(1)[0], **options)
        self._tls, self._login = tls, login

    def __enter__(self) -> "SmtpSink":
        self._controller.start()
        self.port = self._controller.port
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._controller.server is not None:
            self._controller.stop()

    def url(self, *, host: str = "localhost", password: str = PASSWORD) -> str:
        login = f"{USER}:{password.replace(' ', '%20')}@" if self._login else ""
        return f"smtp://{login}{host}:{self.port}?tls={self._tls}"


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    ok = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=ok, handled=False)


def wait_until(is_so: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
