"""A whole installation in a process of its own, to be killed: `python -m … HOME`."""

import asyncio
import sys
from pathlib import Path

from synfonium.testing.client import installation


async def serve(home: Path) -> None:
    async with installation(home, {"SYNFONIUM_NOTIFICATIONS_LOCAL_PUSH": "true"}):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
