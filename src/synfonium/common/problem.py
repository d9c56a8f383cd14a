"""Refusals that a person or a program can act on (RFC 9457)."""

from typing import ClassVar

__all__ = [
    "BadInput",
    "Conflict",
    "Forbidden",
    "NotFound",
    "Problem",
    "SignInNeeded",
    "StorageFull",
    "Unavailable",
]


class Problem(Exception):
    """An expected refusal, rendered once as `application/problem+json` or as a page.

    A subclass sets `status`, a stable `code` (`app.reason`), `title` and `remedy`, both
    English gettext sources. Values for `{placeholders}` in them go to the constructor;
    they reach the person who asked and never a log, so they may be personal.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "This request cannot be understood."
    remedy: ClassVar[str] = ""
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, **values: object) -> None:
        super().__init__(self.code)
        self.values = values


class BadInput(Problem):
    """A field of the request is wrong; `field` and `reason` say which and why."""

    status, code = 422, "bad_input"
    title = "Something in this request is not right: {field}."
    remedy = "{reason}"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field=field, reason=reason)


class NotFound(Problem):
    """Nothing is at this address, or nothing that the actor may see."""

    status, code = 404, "not_found"
    title = "There is nothing at this address."
    remedy = "It may have been moved or removed."


class Forbidden(Problem):
    """The actor is known and may not do this."""

    status, code = 403, "forbidden"
    title = "You may not do this."
    remedy = "Ask the person it belongs to, or an administrator."


class SignInNeeded(Problem):
    """The door needs an actor and the request carries none that is valid."""

    status, code = 401, "sign_in_needed"
    title = "You need to sign in first."
    remedy = "Sign in, or send a valid token."
    headers: ClassVar[dict[str, str]] = {"www-authenticate": 'Bearer realm="Synfonium"'}


class Conflict(Problem):
    """The thing is not in the state the request expects."""

    status, code = 409, "conflict"
    title = "This has changed in the meantime."
    remedy = "Look at its present state and try again."


class StorageFull(Problem):
    """No room is left on the disk; nothing was written."""

    status, code = 507, "storage_full"
    title = "There is no room left here."
    remedy = "Nothing was lost. Free some space, or ask the operator for more, and try again."


class Unavailable(Problem):
    """A part that is needed does not answer, or has too much to do; nothing was written."""

    status, code = 503, "unavailable"
    title = "This is not available at the moment."
    remedy = "Nothing was lost. Try again in a moment."
    headers: ClassVar[dict[str, str]] = {"retry-after": "2"}
