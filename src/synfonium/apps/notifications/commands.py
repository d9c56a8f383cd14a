"""What other apps may ask of notifications."""

import msgspec

from synfonium.apps.notifications.contract import Notice
from synfonium.apps.notifications.errors import BadNotice, NotAnApp
from synfonium.apps.notifications.service import NotificationsService
from synfonium.kernel.app import installed_apps
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


async def notify(context: Context, call: Call) -> dict[str, bool]:
    """Arguments: a `Notice`. It comes from whoever calls. Raises NotAnApp, BadNotice, NotFound,
    TooManyToday."""
    if call.caller not in {app.name for app in installed_apps()}:
        raise NotAnApp
    try:
        notice = msgspec.convert(dict(call.arguments), Notice)
    except msgspec.ValidationError as wrong:
        raise BadNotice("notice", str(wrong)) from None
    service: NotificationsService = context.service
    await service.telling.tell(call.caller, notice)
    return {"done": True}
