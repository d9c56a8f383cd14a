"""Facts of the house that a person wants to hear of, as notices.

Told once however often a fact is heard: each has a key of its own.
"""

from collections.abc import Awaitable, Callable, Mapping

from synfonium.apps.fabric.contract import GRANT_GIVEN, Grant, Grants
from synfonium.apps.identity.contract import NEW_DEVICE, PASSKEY_ADDED
from synfonium.apps.notifications.contract import Notice
from synfonium.apps.notifications.errors import TooManyToday
from synfonium.apps.notifications.service import NotificationsService
from synfonium.apps.operations.contract import RUN_FAILED
from synfonium.apps.shell.contract import Words
from synfonium.apps.yourdata.contract import ARCHIVE_READY
from synfonium.common.event import Event
from synfonium.common.ids import GrantId, PersonId
from synfonium.common.problem import NotFound
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("notifications")
# What a person gives by a click of their own at every opening of a file would be noise.
TOLD_ORIGINS = ("pick", "page", "delegated")
MOST_ADMINISTRATORS = 100


async def on_fact(context: Context, event: Event) -> None:
    """Tells whoever it concerns; somebody who is gone, or was told enough, is told nothing."""
    for notice in await TOLD[event.type](context, event):
        try:
            await _service(context).telling.tell(event.source, notice)
        except (NotFound, TooManyToday) as refused:
            log.info("notifications.fact_not_told", code=refused.code)


async def on_session_ended(context: Context, event: Event) -> None:
    """A browser that signed out is pushed nothing any more."""
    await _service(context).devices.session_ended(event.subject.rpartition("/")[2])


async def _new_device(context: Context, event: Event) -> list[Notice]:
    return [
        Notice(
            person=PersonId(str(event.data["person"])),
            topic="sign_in",
            topic_title=_("Somebody signs in on a new device"),
            title=Words(text=_("Your account was signed in to on a new device.")),
            body=Words(text=_("If that was not you, end that session and change how you sign in.")),
            object=event.subject,
            url="/settings/security",
            urgency="high",
            key=event.subject,
        )
    ]


async def _passkey(context: Context, event: Event) -> list[Notice]:
    return [
        Notice(
            person=PersonId(str(event.data["person"])),
            topic="passkey",
            topic_title=_("A passkey is added"),
            title=Words(text=_("A passkey was added to your account.")),
            body=Words(text=_("If that was not you, remove it and change how you sign in.")),
            object=event.subject,
            url="/settings/security",
            urgency="high",
            key=event.subject,
        )
    ]


async def _grant(context: Context, event: Event) -> list[Notice]:
    speaker, grants = _service(context).speaker, context.offer(Grants)  # type: ignore[type-abstract]
    grant = await grants.of(GrantId(event.subject.rpartition("/")[2]))
    if grant is None or grant.origin not in TOLD_ORIGINS:
        return []
    await speaker.learn([grant.app])
    return [
        Notice(
            person=grant.person,
            topic="grant",
            topic_title=_("An app gets a right"),
            title=_right(speaker.called("en", grant.app), grant),
            object=grant.object,
            url="/fabric/grants",
            urgency="low",
            key=f"grants:{grant.app}",
        )
    ]


def _right(app: str, grant: Grant) -> Words:
    values = {"app": grant.label or app, "what": grant.title}
    if "write" in grant.actions:
        text = (
            _("%(app)s may now read and change “%(what)s”.")
            if grant.title
            else _("%(app)s may now read and change something of yours.")
        )
    else:
        text = (
            _("%(app)s may now read “%(what)s”.")
            if grant.title
            else _("%(app)s may now read something of yours.")
        )
    return Words(text=text, values=values)


async def _run_failed(context: Context, event: Event) -> list[Notice]:
    """To everybody who administers; one notification however often it fails."""
    answer = await context.call("identity.administrators")
    is_backup = event.data["kind"] == "backup"
    title = _("The last backup failed.") if is_backup else _("The last trial of a backup failed.")
    return [
        Notice(
            person=PersonId(person),
            topic="backup",
            topic_title=_("A backup fails"),
            title=Words(text=title),
            body=Words(text=_("The page of backups says why, and what to do.")),
            url="/admin/backups",
            key=f"failed:{event.data['kind']}",
        )
        for person in answer["people"][:MOST_ADMINISTRATORS]
    ]


async def _archive(context: Context, event: Event) -> list[Notice]:
    return [
        Notice(
            person=PersonId(str(event.data["person"])),
            topic="archive",
            topic_title=_("A copy of your data is ready"),
            title=Words(text=_("The copy of your data is ready.")),
            body=Words(text=_("It can be downloaded for some days.")),
            object=event.subject,
            url="/settings/data",
            key=event.subject,
        )
    ]


TOLD: Mapping[str, Callable[[Context, Event], Awaitable[list[Notice]]]] = {
    NEW_DEVICE: _new_device,
    PASSKEY_ADDED: _passkey,
    GRANT_GIVEN: _grant,
    RUN_FAILED: _run_failed,
    ARCHIVE_READY: _archive,
}


def _service(context: Context) -> NotificationsService:
    service: NotificationsService = context.service
    return service
