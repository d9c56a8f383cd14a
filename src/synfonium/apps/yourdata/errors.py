"""Refusals of your data.

Problem
├── NoSuchArchive      404  not this person's, or no longer there
├── NotOurPath         422  where an archive cannot be written
├── PathTaken          409  a file stands there already
├── NotLeaving         410  the account is not to be erased, or it is too late
├── ReceiptForged      422  the signature does not hold
└── NotAReceipt        422  not a file of that kind
"""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _


class NoSuchArchive(Problem):
    """No archive of this person has that id."""

    status, code = 404, "yourdata.no_such_archive"
    title = _("This archive is not here any more.")
    remedy = _("Ask for a new one: it is made in the background.")


class NotOurPath(Problem):
    """The archive cannot be written to that place."""

    status, code = 422, "yourdata.not_writable"
    title = _("The archive cannot be written there.")
    remedy = _("Name a file in a folder that exists and that the server may write to.")


class PathTaken(Problem):
    """There is a file already; it is not overwritten."""

    status, code = 409, "yourdata.path_taken"
    title = _("There is a file of that name already.")
    remedy = _("Name another file, or move that one away.")


class NotLeaving(Problem):
    """The link to keep an account is over."""

    status, code = 410, "yourdata.not_leaving"
    title = _("There is nothing to decide here any more.")
    remedy = _("Sign in: then you see how your account stands.")


class NotAReceipt(Problem):
    """The file is not a receipt."""

    status, code = 422, "yourdata.not_a_receipt"
    title = _("This is not a receipt.")


class ReceiptForged(Problem):
    """The receipt's words or its signature were changed, or another key signed."""

    status, code = 422, "yourdata.receipt_forged"
    title = _("The signature does not hold: this receipt was changed, or somebody else signed it.")
