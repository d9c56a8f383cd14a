# SPDX-License-Identifier: Apache-2.0
"""What an app may tell the doctor about itself.

An app that can say whether it is well has a command named `check`. It is called without
arguments, waited for half a minute, and answers with a list of `Finding`. It reads and never
changes anything. It may be called where no service of the app is open: it uses its context's
database, blobs, indexes and folder alone.
"""

from typing import Literal

import msgspec

__all__ = ["RUN_FAILED", "Finding", "State"]

RUN_FAILED = "operations.run.failed"
"""A backup, or the trial of one, did not work out; data `{"kind": "backup" or "rehearsal"}`."""

State = Literal["good", "note", "bad"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. check: `app.what`, stable. said: how it is and what that
    means; remedy: what to do. Both are English gettext sources of the app, in which
    `{name}` is replaced from `values`. bad: something does not work, or will not when it is
    needed; note: worth knowing."""

    check: str
    state: State
    said: str
    remedy: str = ""
    values: dict[str, str] = {}
