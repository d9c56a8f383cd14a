"""A certificate chain with its key, as files, and where the front gets one from.

Light: the supervisor reads settings with it and loads no cryptography.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from synfonium.kernel.asgi import ASGIApp


class Pair(msgspec.Struct, frozen=True):
    """PEM files of a certificate chain and its key; one file may hold both.

    version: another text whenever the content is another.
    """

    certificate: Path
    key: Path
    version: str


class RenewalFailed(Exception):
    """No newer certificate could be had; `code` says why in one word of ours or of ACME's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Certificates(Protocol):
    """Where the front's certificate comes from. Its methods block; call them in a thread.

    check_every_s: how often to ask for a newer one. doors: what the front serves for it,
    by path prefix.
    """

    check_every_s: float
    doors: Mapping[str, ASGIApp]

    def pair(self) -> Pair:
        """What to serve now. Raises ConfigError when there is none."""
        ...

    def renew(self) -> None:
        """Gets a newer one when it is due. Raises RenewalFailed."""
        ...
