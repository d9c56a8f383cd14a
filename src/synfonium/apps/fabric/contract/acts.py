# SPDX-License-Identifier: Apache-2.0
"""Actions: what an app that declares some is called with, and what it answers.

An action `notes.add_page` of an installed app is its command `act_add_page`, which only the
fabric may call; of an outside app it is a POST of the same JSON to the action's `door`. Who may
do it has been checked when it is called, and its input fits the declared schema. It answers
within 30 s with a JSON object; what takes longer is begun, and goes on by itself. Two members
of an answer mean the same everywhere: `object`, the address of what came of it, and `page`,
where a person looks at it: a path of the app's own origin.
"""

from typing import Any, Literal

import msgspec

from synfonium.common.ids import AppName, GrantId, PersonId

Effect = Literal["look", "change", "beyond"]


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an action.

    person: for whom; an outside app gets their pairwise `sub`, and an action that is declared
    anonymous gets "". object: what it is done with, "" for none. app: which app asks, "" for
    the person. grants: by which of its rights, none for a person.
    """

    person: PersonId
    object: str = ""
    input: dict[str, Any] = {}
    app: AppName = AppName("")
    grants: tuple[GrantId, ...] = ()


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """An action as it is shown to one reader: texts in their language.

    input: JSON Schema (2020-12). on: interfaces of the object that it takes, none for no object.
    """

    name: str
    app: AppName
    app_title: str
    title: str
    description: str
    input: dict[str, Any]
    on: tuple[str, ...]
    effect: Effect
    icon: str
