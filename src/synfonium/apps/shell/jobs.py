"""Commands of the shell."""

from synfonium.apps.shell.service.demo import Settled, settle
from synfonium.kernel.context import Call, Context


async def demo(context: Context, call: Call) -> Settled:
    """Fills the installation with a small town to look at; again, it adds what is missing."""
    return await settle(context, call.progress, with_pc=bool(call.arguments.get("with_pc", True)))
