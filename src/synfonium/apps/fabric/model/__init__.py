"""What the fabric knows without asking anybody: the rules of grants, manifests and facts."""

from synfonium.apps.fabric.model.grants import (
    ACTIONS,
    ADDRESS,
    BISCUIT_PREFIX,
    LARGEST_LABEL,
    LARGEST_TITLE,
    MOST_PARENTS,
    SECRET_PREFIX,
    actions_of,
    app_of,
    covers,
    is_address,
    is_alive,
    is_narrower,
    local_path,
    scopes_of,
)

__all__ = [
    "ACTIONS",
    "ADDRESS",
    "BISCUIT_PREFIX",
    "LARGEST_LABEL",
    "LARGEST_TITLE",
    "MOST_PARENTS",
    "SECRET_PREFIX",
    "actions_of",
    "app_of",
    "covers",
    "is_address",
    "is_alive",
    "is_narrower",
    "local_path",
    "scopes_of",
]
