"""Refusals of notifications.

Problem
├── NotAnApp        403  only an app tells something, and only as itself
├── TooManyToday    429  more than an app may tell one person in a day; counted
├── BadNotice       422  a field of a notice cannot be used; says which, and the rule
├── UnknownNotice   404  there is no such notification, or it is another person's
├── UnknownDevice   404  there is no such device, or it is another person's
├── TooManyDevices  409  a person has push on no more devices than that
└── DeviceTaken     409  the subscription is another browser's
"""

from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.i18n import _


class NotAnApp(Problem):
    """Who asks is no app, or asks in another's name."""

    status, code = 403, "notifications.not_an_app"
    title = _("Only an app tells something here, and only as itself.")
    remedy = _("Send it with the credential that the person gave to the app.")


class TooManyToday(Problem):
    """The app has told this person as much as it may in a day; what is more is counted."""

    status, code = 429, "notifications.too_many_today"
    title = _("This app has told this person enough for today.")
    remedy = _("What is more is only counted. Use a key, so that news about one thing is one notification.")

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.headers = {"retry-after": str(retry_after_s)}  # type: ignore[misc]  # of this one


class BadNotice(BadInput):
    """A field of a notice that cannot be used."""

    code = "notifications.bad_notice"


class UnknownNotice(Problem):
    """No notification of this person has that id."""

    status, code = 404, "notifications.unknown"
    title = _("This notification is not there any more.")
    remedy = _("Notifications are kept for 90 days.")


class UnknownDevice(Problem):
    """No device of this person has that id."""

    status, code = 404, "notifications.unknown_device"
    title = _("This device is not in the list any more.")
    remedy = _("Turn notifications on again in the browser that you mean.")


class TooManyDevices(Problem):
    """The person has push on as many devices as there may be."""

    status, code = 409, "notifications.too_many_devices"
    title = _("Notifications are on in 20 browsers already.")
    remedy = _("Remove one that you do not use any more.")


class DeviceTaken(Problem):
    """The address of the subscription belongs to a browser with other keys."""

    status, code = 409, "notifications.device_taken"
    title = _("This subscription belongs to another browser.")
    remedy = _("Turn notifications off in this browser and on again.")
