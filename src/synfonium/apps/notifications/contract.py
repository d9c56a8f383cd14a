# SPDX-License-Identifier: Apache-2.0
"""How an app tells a person something.

An installed app calls the command `notifications.notify` with a `Notice` as its arguments, and
is itself the app that it comes from. An outside app sends a `PlainNotice` as JSON by
`POST /notifications`, with a credential of `fabric.app` for the person.

A notice is translated when it is read. It is never the only way to learn of something: the
person may have silenced its topic, its app, or the hour.
"""

from typing import Annotated, Literal

import msgspec

from synfonium.apps.shell.contract import Words
from synfonium.common.ids import PersonId

__all__ = ["NOTIFY", "Notice", "PlainNotice", "Topic", "Urgency"]

NOTIFY = "notifications.notify"

Urgency = Literal["low", "normal", "high"]
"""low: stands in the list, and is not pushed. normal: pushed, after quiet hours. high: security,
or somebody waits: breaks through quiet hours where the person lets it."""

Topic = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Key = Annotated[str, msgspec.Meta(max_length=100)]
_Address = Annotated[str, msgspec.Meta(max_length=200)]
_Url = Annotated[str, msgspec.Meta(max_length=500)]


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an installed app tells `person`.

    topic: its kind, within the app, which the person can silence; topic_title: what the kind is
    called (English gettext source). title, body: sentences, translated from the app's catalogue.
    object: the address of what it is about. url: a path of this installation to open. key: a
    later notice with the key of an earlier one takes its place; it is unread again.
    """

    person: PersonId
    topic: Topic
    topic_title: Annotated[str, msgspec.Meta(max_length=100)] = ""
    title: Words
    body: Words | None = None
    object: _Address = ""
    url: _Url = ""
    urgency: Urgency = "normal"
    key: _Key = ""


class PlainNotice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an outside app tells the person whose credential it has; plain text, never markup.

    url: `/fabric/open?object=…`, or a web address at the app's own origin.
    """

    topic: Topic
    topic_title: Annotated[str, msgspec.Meta(max_length=60)] = ""
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    body: Annotated[str, msgspec.Meta(max_length=500)] = ""
    object: _Address = ""
    url: _Url = ""
    urgency: Urgency = "normal"
    key: _Key = ""
