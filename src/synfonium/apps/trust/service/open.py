"""Trust, opened in a role: once a day the promises are tried without anybody asking."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.trust.errors import NoReport
from synfonium.apps.trust.service.report import Reports, check
from synfonium.kernel import logs
from synfonium.kernel.context import Context

log = logs.get("trust")
_FIRST_AFTER_S, _LOOK_EVERY_S, _DAY_S = 900.0, 3600.0, 86_400.0


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[Reports]:
    reports = Reports(context)
    daily = asyncio.create_task(_daily(reports, context), name="trust report")
    try:
        yield reports
    finally:
        daily.cancel()
        await asyncio.gather(daily, return_exceptions=True)


async def _daily(reports: Reports, context: Context) -> None:
    wait_s = _FIRST_AFTER_S
    while True:
        await asyncio.sleep(wait_s)
        wait_s = _LOOK_EVERY_S
        try:
            if context.clock.now_s() - _made_s(reports) >= _DAY_S:
                signed = await reports.make(_silent)
                log.info("trust.reported", count=len(check(signed).proofs))
        except Exception as failure:  # the next hour tries again
            log.error("trust.report_failed", failure)


def _made_s(reports: Reports) -> float:
    try:
        return check(reports.last()).made_s
    except (NoReport, ValueError):
        return 0.0


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    await asyncio.sleep(0)
