"""Refusals of the house itself, before or between the apps."""

from collections.abc import Mapping

from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem, Unavailable
from synfonium.kernel.i18n import _


class MethodNotAllowed(Problem):
    """The door exists and does not take this method."""

    status, code = 405, "method_not_allowed"
    title = _("This address does not take that kind of request.")


class TooLarge(Problem):
    """The body is larger than this door takes."""

    status, code = 413, "too_large"
    title = _("This is larger than what is accepted here.")
    remedy = _("Send less at once.")


class CrossOrigin(Problem):
    """A page of another site tried to act with this person's session."""

    status, code = 403, "cross_origin"
    title = _("This request came from another site and was refused.")
    remedy = _("Open the page here and try again.")


class ProofNeeded(Problem):
    """A sensitive act, and the person last proved who they are too long ago, or by a token.

    back: the page where a browser goes on after the proof, when the act's author named one.
    """

    status, code = 403, "proof_needed"
    title = _("Show once more that it is you.")
    remedy = _("Sign in again at /signin/again, then do this once more. A token cannot do it.")

    def __init__(self, back: str = "") -> None:
        super().__init__()
        self.back = back


class PasskeyNeeded(Problem):
    """An administrator who came in by something that can be phished."""

    status, code = 403, "passkey_needed"
    title = _("Administrators come in by passkey.")
    remedy = _("Show or make one at /signin/passkey; a password does not open this.")


class PassNeeded(Problem):
    """What is a person's own is looked at with a reason and for a while, or not at all."""

    status, code = 403, "pass_needed"
    title = _("You need a pass to look at this.")
    remedy = _("Ask for one at /pass/{person}, with a reason. The person is told.")

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)
        self.person = person


class Misdirected(Problem):
    """The Host header names no face of this installation."""

    status, code = 421, "misdirected"
    title = _("This installation does not answer to that name.")
    remedy = _("The operator can set public_url in synfonium.toml.")


class NotEncrypted(Problem):
    """Plain HTTP elsewhere than localhost, asked by a program; people get a page."""

    status, code = 403, "not_encrypted"
    title = _("A secure address is needed")
    remedy = _("Come in by the secure address.")


class HeadersTooLarge(Problem):
    """More headers than any client of ours needs (RFC 6585, section 5)."""

    status, code = 431, "headers_too_large"
    title = _("The headers of this request are too large.")
    remedy = _("Send less at once.")


class RoleAway(Unavailable):
    """A role that is needed is starting again."""

    title = _("This part is starting again.")
    remedy = _("Try again in a few seconds.")


class InternalError(Problem):
    """A mistake of ours; the log says where."""

    status, code = 500, "internal"
    title = _("Something went wrong on our side.")
    remedy = _("Nothing that you had was lost. Try again; if it stays, tell the operator.")


class RemoteProblem(Problem):
    """A problem that another role raised."""

    def __init__(self, status: int, code: str, title: str, remedy: str, values: Mapping[str, object]) -> None:
        super().__init__(**values)
        self.status, self.code = status, code  # type: ignore[misc]
        self.title, self.remedy = title, remedy  # type: ignore[misc]
        self.args = (code,)
