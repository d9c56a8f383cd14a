"""What every door of the fabric begins with."""

from synfonium.apps.fabric.service import FabricService
from synfonium.kernel.context import Context


def service_of(context: Context) -> FabricService:
    service: FabricService = context.service
    return service
