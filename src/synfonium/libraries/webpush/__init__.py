"""Web Push: a message that only one browser can read, and the word of who sends it.

Message encryption is RFC 8291 (content coding `aes128gcm`, RFC 8188), the sender's word is VAPID
(RFC 8292). Both are some sixty lines over `cryptography`, which is here anyway. What exists was
weighed: `pywebpush` brings requests and aiohttp and sends by itself, past whoever guards which
machines may be met; `http-ece` and `py-vapid` have no types and would be two more packages for
the same sixty lines. `http-ece` reads what we write in the tests instead.
"""

from synfonium.libraries.webpush.encryption import (
    LARGEST_PAYLOAD_BYTES,
    BadKeys,
    BrowserKeys,
    encrypt,
    parse_keys,
)
from synfonium.libraries.webpush.vapid import Vapid, from_base64url, to_base64url

__all__ = [
    "LARGEST_PAYLOAD_BYTES",
    "BadKeys",
    "BrowserKeys",
    "Vapid",
    "encrypt",
    "from_base64url",
    "parse_keys",
    "to_base64url",
]
