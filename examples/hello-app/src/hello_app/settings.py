# SPDX-License-Identifier: Apache-2.0
"""What the operator of Hello got when its manifest was registered."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """issuer: the installation's address. origin: our own. webhook_secret: `whsec_…`."""

    issuer: str
    client_id: str
    client_secret: str
    webhook_secret: str
    origin: str
    port: int
    folder: Path

    @property
    def callback(self) -> str:
        return f"{self.origin}/callback"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises KeyError for what is missing."""
    port = int(environment.get("PORT", "3000"))
    return Settings(
        issuer=environment["SYNFONIUM"].rstrip("/"),
        client_id=environment["CLIENT_ID"],
        client_secret=environment["CLIENT_SECRET"],
        webhook_secret=environment["WEBHOOK_SECRET"],
        origin=environment.get("ORIGIN", f"http://localhost:{port}"),
        port=port,
        folder=Path(environment.get("FOLDER", ".data")),
    )
