"""What PCs hear of the fabric: a grant given or taken back shows in a running PC at once."""

from synfonium.apps.pc import contract
from synfonium.apps.pc.service import PcService
from synfonium.common.event import Event
from synfonium.kernel.context import Context


async def on_grant(context: Context, event: Event) -> None:
    """Brings the PC's live folder to what the grants say now; idempotent."""
    machine_id = contract.machine_of(str(event.data.get("subject", "")))
    if event.data.get("app") != "pc" or not machine_id:
        return
    service: PcService = context.service
    if await context.compute.state(machine_id) == "running":
        await service.live.bring(machine_id, service.broker.folders(machine_id))
