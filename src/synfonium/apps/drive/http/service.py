"""What every door of Drive begins with."""

from synfonium.apps.drive.service import DriveService
from synfonium.kernel.context import Context

MOST_CHOSEN = 500
"""So many things may be chosen at once."""

SHARED = "shared"
"""What stands in the place of a folder's id in the address that files are shared to."""


def service_of(context: Context) -> DriveService:
    service: DriveService = context.service
    return service
