"""Coming back through somebody whom one trusts."""

import hashlib

import msgspec

from synfonium.common.ids import PersonId

MOST_TRUSTED = 3
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Rescue(msgspec.Struct, frozen=True, kw_only=True):
    """A recovery that waits: for a trusted person (`confirmed_by` is empty), then for `due_s`."""

    id: str
    person_id: PersonId
    confirmed_by: PersonId
    due_s: float
    expires_s: float


def spoken_code(secret: str) -> str:
    """What the owner reads to the trusted person over the telephone: 40 bits as `abcd-efgh`.

    It follows from the secret, so that the page of a name that nobody has shows one too.
    """
    number = int.from_bytes(hashlib.sha256(b"spoken " + secret.encode()).digest()[:5], "big")
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
