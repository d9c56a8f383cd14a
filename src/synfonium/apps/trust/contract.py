# SPDX-License-Identifier: Apache-2.0
"""What an app may prove of itself while it runs.

An app that makes promises which can be tried has a command named `prove`, run in the role whose
memory the promises are about. It is called without arguments, waited for two minutes, and answers
with a list of `Proof`. It tries things as a stranger would, and changes nothing.
"""

from typing import Literal

import msgspec

__all__ = ["Proof", "State"]

State = Literal["kept", "broken", "open"]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One promise that was tried. promise: `app.what`, stable. said: the promise; how: how it is
    tried; found: what was seen. All three are English gettext sources of the app, in the last of which
    `{name}` is replaced from `values`. open: nothing could be tried, and found says why."""

    promise: str
    said: str
    how: str
    state: State
    found: str
    values: dict[str, str] = {}
