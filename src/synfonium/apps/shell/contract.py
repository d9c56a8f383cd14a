# SPDX-License-Identifier: Apache-2.0
"""What an app may say about itself on a person's home page.

An app with something to say has a command named `glance`. The home page calls it with
`{"person": <id>}` for whoever looks, waits at most a second and leaves out an app that
does not answer. Its answer is a `Glance`.
"""

import msgspec

__all__ = ["Glance", "Measure", "Resume", "Words"]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that the home page translates from the app's catalogue.

    text: English gettext source; `%(name)s` in it is replaced from `values`.
    """

    text: str
    values: dict[str, str] = {}


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How much of something limited is used, in bytes."""

    used_bytes: int
    limit_bytes: int


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """Something the person was at. url: a path of this installation; icon: of the kit's
    sprite. text: where things stand; empty for the time alone. is_live: it runs right now."""

    title: str
    url: str
    icon: str
    time_s: float
    text: Words | None = None
    is_live: bool = False


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """One line for the strip of apps, a measure, and at most five things to resume."""

    line: Words | None = None
    measure: Measure | None = None
    resume: tuple[Resume, ...] = ()
