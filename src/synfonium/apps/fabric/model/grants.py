"""What a grant may say, and what it lets happen."""

import re
from collections.abc import Sequence

from synfonium.apps.fabric.contract import Action, Grant

ACTIONS: tuple[Action, ...] = ("read", "write", "use")
APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
ADDRESS = re.compile(r"[a-z][a-z0-9-]{0,29}:[a-z][a-z0-9-]{0,29}(?:/[A-Za-z0-9._~-]{1,128})?")
SECRET_PREFIX = "syng_"
BISCUIT_PREFIX = "synb_"
LARGEST_LABEL = 80
LARGEST_TITLE = 200
# A grant, what it was cut from, and so on; longer chains are refused when they are cut.
MOST_PARENTS = 4


def is_address(text: str) -> bool:
    """`app:kind/id`, or `app:word` for a collection."""
    return ADDRESS.fullmatch(text) is not None


def local_path(text: str, otherwise: str = "/") -> str:
    """A path of ours; anything else would send people elsewhere."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if is_path and text.isprintable() else otherwise


def app_of(address: str) -> str:
    return address.partition(":")[0]


def actions_of(text: str) -> frozenset[Action]:
    """Those that exist, of words parted by spaces or commas."""
    asked = text.replace(",", " ").split()
    return frozenset(action for action in ACTIONS if action in asked)


def scopes_of(grants: Sequence[Grant]) -> frozenset[str]:
    """Which doors of the objects' apps open: {"drive.read"} for a grant to read a file."""
    return frozenset(f"{app_of(grant.object)}.{action}" for grant in grants for action in grant.actions)


def is_alive(grant: Grant, now_s: float) -> bool:
    """Whether its time is not over. Uses are counted where a credential is recognised."""
    return not grant.limits.until_s or now_s < grant.limits.until_s


def covers(chain: Sequence[Grant], path: Sequence[str], action: Action, now_s: float) -> bool:
    """Whether a grant and all that it was cut from let `action` happen to `path[0]`."""
    return bool(chain) and all(
        is_alive(grant, now_s) and action in grant.actions and grant.object in path for grant in chain
    )


def is_narrower(wanted: Grant, parent: Grant, path: Sequence[str]) -> bool:
    """Whether `wanted`, whose object has `path`, says nothing that `parent` does not say."""
    until_s, most = wanted.limits.until_s, parent.limits
    in_time = not most.until_s or 0 < until_s <= most.until_s
    in_uses = most.uses < 0 or 0 < wanted.limits.uses <= most.uses
    return (
        in_time
        and in_uses
        and wanted.person == parent.person
        and wanted.actions <= parent.actions
        and parent.object in path
    )
