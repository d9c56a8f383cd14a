"""A process that runs durable jobs, made to be killed: `… FILE LOG [start ID …]`."""

import asyncio
import os
import sys
from pathlib import Path

from synfonium.engines.jobs.dbos import DbosJobs


async def run(target: Path, log: Path, starting: list[str]) -> None:
    def note(line: str) -> None:
        with log.open("a") as file:
            file.write(line + "\n")

    async def slow(arguments: dict[str, str]) -> None:
        note(f"begin {arguments['id']}")
        await asyncio.sleep(float(arguments["seconds"]))
        note(f"end {arguments['id']}")

    jobs = DbosJobs(target)
    jobs.register("slow", slow)
    await jobs.open()
    for job_id in starting:
        await jobs.start("slow", job_id, {"id": job_id, "seconds": os.environ.get("SECONDS_", "1")})
        print(f"accepted {job_id}", flush=True)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
