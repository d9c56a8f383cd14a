"""`tls = "files:CERTIFICATE,KEY"`: what the operator, or a program of theirs, keeps up to date."""

import hashlib
import ssl
from collections.abc import Mapping
from pathlib import Path

from synfonium.kernel.asgi import ASGIApp
from synfonium.kernel.config import ConfigError
from synfonium.kernel.tls.pair import Pair


class OperatorFiles:
    """Serves two PEM files and notices when they change."""

    check_every_s = 60.0

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self.doors: Mapping[str, ASGIApp] = {}

    def pair(self) -> Pair:
        """Raises ConfigError for files that cannot be read or do not belong together."""
        try:
            content = self._certificate.read_bytes() + self._key.read_bytes()
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self._certificate, self._key, _no_password
            )
        except ssl.SSLError:
            raise ConfigError(
                f"tls: {self._certificate} and {self._key} are not a PEM certificate and its key"
            ) from None
        except OSError as error:
            raise ConfigError(f"tls: {error.filename} cannot be read: {error.strerror}") from None
        return Pair(self._certificate, self._key, hashlib.sha256(content).hexdigest())

    def renew(self) -> None:
        """Somebody else does."""


def _no_password() -> str:
    # Without it OpenSSL asks the terminal and waits.
    return ""
