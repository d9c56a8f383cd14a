"""Notifications: what happened, in one place, when a person wants to hear of it."""

from synfonium.kernel.app import App, Command, Place, Subscription
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.notifications"

app = App(
    name="notifications",
    title=_("Notifications"),
    icon="bell",
    role="web",
    service=f"{_HERE}.service:open_service",
    doors=f"{_HERE}.http.doors:doors",
    # An app's page tells from its own origin; what is a person's own opens by a cookie alone.
    cross_origin=("/notifications",),
    migrations=True,
    sealed_columns={
        "notifications_vapid.sealed": "notifications.vapid",
        "notifications_push.sealed": "notifications.push.{person}",
    },
    commands=(Command(name="notify", handler=f"{_HERE}.commands:notify"),),
    serves_person="it tells people what happened to what is theirs, and nobody else",
    subscriptions=(
        Subscription(
            name="notifications-facts",
            types=frozenset(
                {
                    "identity.session.new_device",
                    "identity.passkey.added",
                    "fabric.grant.given",
                    "operations.run.failed",
                    "yourdata.archive.ready",
                }
            ),
            handler=f"{_HERE}.events:on_fact",
        ),
        Subscription(
            name="notifications-sessions",
            types=frozenset({"identity.session.ended"}),
            handler=f"{_HERE}.events:on_session_ended",
        ),
    ),
    config=f"{_HERE}.config:NotificationsConfig",
    places=(Place(group="settings", path="/settings/notifications", title=_("Notifications"), order=40),),
)
