"""What a grant may say."""

import re

from synfonium.apps.fabric.contract import Action

ACTIONS: tuple[Action, ...] = ("read", "write")
ADDRESS = re.compile(r"[a-z][a-z0-9]{0,29}:[a-z][a-z0-9/_-]{0,150}")
SECRET_PREFIX = "syng_"
LARGEST_LABEL = 80
# Scopes that a grant's action opens at an app's doors.
SCOPES: dict[Action, str] = {"read": "read", "write": "write"}


def is_address(text: str) -> bool:
    return ADDRESS.fullmatch(text) is not None


def app_of(address: str) -> str:
    return address.partition(":")[0]


def scopes_of(address: str, actions: frozenset[Action]) -> frozenset[str]:
    """`drive:root` and {"read"} → {"drive.read"}."""
    return frozenset(f"{app_of(address)}.{SCOPES[action]}" for action in actions)
