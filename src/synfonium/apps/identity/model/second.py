"""Recovery codes as people read and type them."""

import secrets

# Crockford's base 32: no letter that looks like a digit.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS = str.maketrans("oil", "011", " -\u2010\u2011\t\u00a0")
CODE_LENGTH = 16


def new_recovery_code() -> str:
    """80 random bits as `abcd-efgh-jkmn-pqrs`."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def parse_recovery_code(text: str) -> str:
    """The code without its hyphens, however it was typed. Raises ValueError."""
    code = text[:60].lower().translate(_READ_AS)
    if len(code) != CODE_LENGTH or any(letter not in _ALPHABET for letter in code):
        raise ValueError("recovery code")
    return code


def parse_app_code(text: str) -> str:
    """The six digits of an app. Raises ValueError."""
    code = "".join(text[:20].split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        raise ValueError("code")
    return code
