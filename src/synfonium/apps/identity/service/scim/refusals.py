"""Our refusals in SCIM's words."""

from synfonium.apps.identity.errors import LastOwner, NameTaken, TitleTaken, TooMany
from synfonium.common.problem import BadInput, Problem
from synfonium.libraries.scim.errors import ScimError


def as_scim_error(problem: Problem) -> ScimError:
    """RFC 7644, section 3.12; the detail says what our pages would."""
    values = {key: str(value) for key, value in problem.values.items()}
    match problem:
        case NameTaken() | TitleTaken():
            return ScimError(409, "uniqueness", problem.title)
        case BadInput():
            return ScimError(400, "invalidValue", f"{values['field']}: {values['reason']}")
        case LastOwner() | TooMany():
            return ScimError(409, "", problem.title)
        case _:
            return ScimError(problem.status, "", problem.title)
