"""Refusals of trust."""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _


class AuditBroken(Problem):
    """An app's audit is not as it was written, so it is not given out as if it were."""

    status, code = 409, "trust.audit_broken"
    title = _("The audit of {app} is not as it was written.")
    remedy = _("Keep a copy of the home as it is now, then compare it with your last backup.")


class CannotWrite(Problem):
    """The file of an export is there already, or its folder cannot be written to."""

    status, code = 409, "trust.cannot_write"
    title = _("This file cannot be made here.")
    remedy = _("Name one that does not exist yet, in a folder that the server may write to.")


class WrongMoment(Problem):
    """A day that is none."""

    status, code = 422, "trust.wrong_moment"
    title = _("This is not a day.")
    remedy = _("Write it as year, month, day: 2026-11-28.")


class NoReport(Problem):
    """Nothing was tried yet."""

    status, code = 404, "trust.no_report"
    title = _("No promise was tried here yet.")
    remedy = _("The operator does that with: synfonium trust report")
