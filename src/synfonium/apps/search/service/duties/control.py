"""Whether somebody who asks for a removal controls the site: they put there what only they were told.

A file, or a mark in the page at the root of the host. Nothing is fetched from our own network.
"""

import base64
import hmac
import re
from urllib.parse import urlsplit

from blake3 import blake3

from synfonium.apps.search.service.fetch import Fetcher
from synfonium.ports.secrets import SecretBox

FOLDER = "/.well-known/"
PREFIX = "synfonium-removal-"
META = "synfonium-removal"
MAC_BYTES = 15
LARGEST_BYTES = 512 * 1024
_META = re.compile(rb"<meta\s[^<>]{0,300}>", re.IGNORECASE)


class Control:
    """Tokens follow from the request's id and the installation's key, so none has to be kept."""

    def __init__(self, secrets: SecretBox) -> None:
        self._key = secrets.derive("search/removal")

    def token(self, request: str) -> str:
        """What to put there, of letters and digits."""
        mac = blake3(request.encode(), key=self._key).digest(MAC_BYTES)
        return base64.b32encode(mac).decode().lower()

    def address(self, request: str) -> str:
        """Where who asked looks after their request: its id and proof that it was given to them."""
        return f"{request}{self.token(request)}"

    def request_of(self, address: str) -> str:
        """The id of a request; empty for an address that is not of this house."""
        id_, token = address[:26], address[26:]
        if len(address) != 50 or not address.isascii():
            return ""
        return id_ if hmac.compare_digest(token, self.token(id_)) else ""

    def file_of(self, request: str) -> str:
        """The path of the file that shows it."""
        return f"{FOLDER}{PREFIX}{self.token(request)}"


async def is_shown(fetcher: Fetcher, url: str, token: str) -> bool:
    """Whether the token stands at the host of `url`, in the file or in the page at its root."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    file = await fetcher.fetch(f"{root}{FOLDER}{PREFIX}{token}", largest_bytes=LARGEST_BYTES)
    if file.status == 200 and not file.failure and token.encode() in file.body[:1000]:
        return True
    page = await fetcher.fetch(f"{root}/", largest_bytes=LARGEST_BYTES)
    if page.status != 200 or page.failure:
        return False
    return any(META.encode() in tag and token.encode() in tag for tag in _META.findall(page.body))
