"""What the operator decides about sign-up, and which names nobody may choose."""

import re

import msgspec

LONGEST_TERMS = 50_000
AGES = range(100)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """version counts from 1; 0 stands for the settings alone. terms: plain text, may be empty."""

    version: int = 0
    is_open: bool = False
    minimum_age: int = 15
    terms: str = ""


# Names that speak for the installation or that mail servers reserve (RFC 2142).
RESERVED = frozenset(
    """
    abuse account accounts admin administrateur administration administrator anonymous anybody api
    audit billing bot contact daemon demo dpo erased everybody everyone ftp help hostmaster info
    information legal mail mailer mailer-daemon me moderator moderation nobody none noreply no-reply
    null official operator owner postmaster press privacy root security service staff support
    synfonium sysadmin system team test trust undefined usenet webmaster www
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
# What nobody may be called who is not: whole words, in the languages spoken here.
STAFF = frozenset(
    """
    admin administrateur administratrice administration administrator assistance moderateur
    moderator official officiel operateur operator root security securite staff support synfonium
    sysadmin system webmaster
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
_WORDS = re.compile(r"[a-z]+")


def is_reserved(name: str) -> bool:
    """Whether a name, or a part of it between signs and digits, speaks for the installation."""
    plain = look_of(name)
    words = set(_WORDS.findall(name)) | set(_WORDS.findall(plain))
    return name in RESERVED or plain in RESERVED or bool(words & STAFF)


def look_of(name: str) -> str:
    """How an account name looks at a glance: two names of one look are taken for one another."""
    for written, seen in (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l")):
        name = name.replace(written, seen)
    return name


def staff_words(text: str) -> bool:
    """Whether plain letters hold a word of staff."""
    return bool(set(_WORDS.findall(text.lower())) & STAFF)
