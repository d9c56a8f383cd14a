"""The recovery key: 160 random bits that a person can copy by hand.

Thirty-two letters of Crockford's base 32 in groups of four: no I, L, O or U, and whoever
reads 0 for O or 1 for I is understood.
"""

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
KEY_BYTES = 20
_GROUP = 4


def written(secret: bytes) -> str:
    """The key for 20 random bytes. Raises ValueError for another number of them."""
    if len(secret) != KEY_BYTES:
        raise ValueError("a recovery key has 20 bytes")
    number = int.from_bytes(secret, "big")
    letters = [_LETTERS[(number >> shift) & 31] for shift in range(155, -1, -5)]
    return "-".join("".join(letters[at : at + _GROUP]) for at in range(0, 32, _GROUP))


def normal(text: str) -> str:
    """The key as `written` gives it, whatever case and spaces it was typed in.

    Raises ValueError for what cannot be a key.
    """
    letters = "".join(text.upper().replace("-", " ").split()).translate(_ALIKE)
    if len(letters) != 32 or not set(letters) <= set(_LETTERS):
        raise ValueError("not a recovery key")
    return "-".join(letters[at : at + _GROUP] for at in range(0, 32, _GROUP))
