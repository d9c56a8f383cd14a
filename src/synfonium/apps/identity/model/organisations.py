"""Organisations and families: who is in them, and the rules that need no database."""

import re
import unicodedata
from typing import Literal

import msgspec

from synfonium.apps.identity.contract import OrganisationKind, Role
from synfonium.apps.identity.model.people import parse_line, parse_name
from synfonium.common.ids import PersonId
from synfonium.libraries.lookalikes import is_of_one_script, skeleton

SCIM_TOKEN_PREFIX = "sys_"
TITLE_LENGTH = 80
USER_NAME_LENGTH = 200
MOST_MEMBERS = 100_000
MOST_GROUPS = 5_000
MOST_OF_A_PERSON = 50
MOST_SCIM_TOKENS = 20
INVITATION_USES = (1, 1000)
INVITATION_DAYS = (1, 90)
RANKS: dict[Role, int] = {"member": 1, "administrator": 2, "owner": 3}
ABOVE_ALL = 4
"""The rank of whoever administers the installation."""

Hold = Literal["installation", "member", "organisation", "left", "leaving"]
"""Why an account is closed: each holds it by itself, and it opens when none is left."""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A family or an organisation as stored. total_bytes: the pool; each_bytes: a person's
    share unless theirs is set; None for no limit."""

    id: str
    slug: str
    kind: OrganisationKind
    name: str
    is_suspended: bool = False
    total_bytes: int | None = None
    each_bytes: int | None = None
    created_s: float = 0.0


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person in an organisation. is_managed: the account is the organisation's own: made by
    it, and closed with it; at most one organisation manages an account. user_name, external_id
    and attributes are what SCIM brought."""

    organisation: str
    person: PersonId
    role: Role
    is_managed: bool = False
    is_suspended: bool = False
    user_name: str = ""
    external_id: str | None = None
    attributes: dict[str, object] = {}
    quota_bytes: int | None = None
    invitation: str = ""
    joined_s: float = 0.0
    changed_s: float = 0.0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """People of one organisation, together under a name."""

    id: str
    organisation: str
    name: str
    external_id: str | None = None
    created_s: float = 0.0
    changed_s: float = 0.0


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which people come. organisation: empty for the installation alone."""

    id: str
    organisation: str
    role: Role
    groups: tuple[str, ...]
    email: str
    uses: int
    uses_most: int
    created_s: float
    created_by: PersonId
    expires_s: float
    is_revoked: bool = False

    def is_open(self, now_s: float) -> bool:
        return not self.is_revoked and self.uses < self.uses_most and now_s < self.expires_s


class ScimToken(msgspec.Struct, frozen=True, kw_only=True):
    """A credential for a directory that keeps an organisation's people, without its secret."""

    id: str
    organisation: str
    label: str
    created_s: float
    last_used_s: float | None = None


def outranks(rank: int, role: Role) -> bool:
    """Whether somebody of `rank` may change a member of `role`: those below, owners each other."""
    return rank >= RANKS["owner"] or rank > RANKS[role]


def parse_title(text: str) -> str:
    """The name of an organisation or group: one line, one script. Raises ValueError."""
    title = parse_line(text, TITLE_LENGTH)
    if not is_of_one_script(title) or not skeleton(title):
        raise ValueError("title")
    return title


def parse_slug(text: str) -> str:
    """What stands for an organisation in addresses; as a person's name. Raises ValueError."""
    return parse_name(text)


def parse_user_name(text: str) -> str:
    """SCIM `userName`: one line of up to 200 characters. Raises ValueError."""
    return parse_line(text, USER_NAME_LENGTH)


def user_key(user_name: str) -> str:
    """`userName` is not case exact (RFC 7643, section 4.1.1)."""
    return unicodedata.normalize("NFC", user_name.casefold())


def name_for(wish: str) -> str:
    """A legal name to sign in with, as near to `wish` as can be: of an address, what stands
    before the @."""
    local = wish.partition("@")[0] or wish
    plain = unicodedata.normalize("NFKD", local.lower()).encode("ascii", "ignore").decode()
    name = re.sub(r"\.{2,}", ".", re.sub(r"[^a-z0-9._-]+", "-", plain))[:32].strip("._-")
    return name if len(name) >= 2 else f"person-{name}".rstrip("-")


def numbered(name: str, number: int) -> str:
    """`name-2`, still legal."""
    end = f"-{number}"
    return name[: 32 - len(end)].rstrip("._-") + end


def parse_size(text: str) -> int | None:
    """`20 GB`, `1,5 To`, `500` (bytes), or nothing for no limit. Raises ValueError."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".").lower()
    if not plain:
        return None
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?)([kmgtp]?)[bo]?", plain)
    if not found:
        raise ValueError("size")
    number, unit = found.groups()
    size = int(float(number) * 1000 ** " kmgtp".index(unit or " "))
    if size > 2**60:
        raise ValueError("size")
    return size
