"""Refusals in WebDAV's words."""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _
from synfonium.libraries.webdav import multistatus


class BadRequest(Problem):
    """A header, the path or the body does not follow its grammar."""

    status, code = 400, "drive.bad_request"
    title = _("This request cannot be understood.")
    remedy = "{reason}"


class WriteRefused(Problem):
    """A refusal of the service with the status that RFC 4918 asks for."""

    def __init__(self, problem: Problem, status: int) -> None:
        super().__init__(**problem.values)
        self.status, self.code = status, problem.code  # type: ignore[misc]
        self.title, self.remedy = problem.title, problem.remedy  # type: ignore[misc]


class RefusedByLock(Problem):
    """A lock is in the way and its token was not submitted (RFC 4918, section 16)."""

    status, code = 423, "drive.locked"
    title = _("Somebody is writing here just now.")

    def __init__(self, href: str) -> None:
        super().__init__()
        self.xml = multistatus.error(
            f"<D:lock-token-submitted><D:href>{href}</D:href></D:lock-token-submitted>"
        )


class OneFileAlone(Problem):
    """The folder of a grant of one file holds that, and nothing can be put beside it."""

    status, code = 403, "drive.one_file_alone"
    title = _("Only this one file was given.")
    remedy = _("Write into the file itself, or ask for a folder.")


class DepthRefused(Problem):
    """PROPFIND of unlimited depth is not answered (RFC 4918, section 9.1)."""

    status, code = 403, "drive.propfind_finite_depth"
    title = _("Ask folder by folder.")
    xml = multistatus.error("<D:propfind-finite-depth/>")
