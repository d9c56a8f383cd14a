# SPDX-License-Identifier: Apache-2.0
"""A broker that starts one machine, says so, and waits to be killed; for the compute suite."""

import asyncio
import sys
from pathlib import Path

import msgspec

from synfonium.kernel.app import resolve
from synfonium.ports.compute import MachineSpec


async def start(opener: str, folder: str, wire: str) -> None:
    spec = msgspec.json.decode(wire, type=MachineSpec, dec_hook=lambda kind, text: kind(text))
    await resolve(opener)(Path(folder)).start(spec)
    print("running", flush=True)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(start(*sys.argv[1:]))
