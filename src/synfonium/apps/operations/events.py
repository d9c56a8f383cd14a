"""What operations hears."""

from synfonium.apps.operations.service.backups import JOB
from synfonium.common.event import Event
from synfonium.kernel.context import Context


async def on_run_wanted(context: Context, event: Event) -> None:
    """Starts the run's job, once however often this is heard."""
    run = str(event.data["run"])
    await context.jobs.start(JOB, run, {"run": run})
