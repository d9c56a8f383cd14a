"""Refusals of the fabric.

Problem
├── UnknownGrant    404  there is no such grant, or it is another person's
└── NotYours        403  only what is yours can be given
"""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _


class UnknownGrant(Problem):
    """No grant of this person has that id."""

    status, code = 404, "fabric.unknown_grant"
    title = _("This right does not exist any more.")
    remedy = _("It may have been taken back already.")


class NotYours(Problem):
    """The object is not the person's own."""

    status, code = 403, "fabric.not_yours"
    title = _("You can only give what is yours.")
    remedy = _("Ask the person it belongs to.")
