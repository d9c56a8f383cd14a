"""The audit of the whole installation, read in any role."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection

from synfonium.kernel.audit.chain import Broken, Row
from synfonium.kernel.audit.heads import Head, HeadFile, Signer
from synfonium.kernel.audit.store import AuditStore, Wanted
from synfonium.kernel.audit.verify import Verdict, check_rows
from synfonium.ports.database import Database, DatabaseUnavailable

__all__ = ["AuditBook"]

Sign = Callable[[], Awaitable[None]]


class AuditBook:
    """Reads, checks and gives out the rows of every app.

    databases: of the apps that have one, opened when asked for. sign: lets every role sign
    the heads of its apps now.
    """

    def __init__(
        self,
        databases: Mapping[str, Callable[[], Database]],
        signer: Signer,
        folder: Path,
        sign: Sign,
        *,
        is_held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_held = is_held
        self._databases, self.signer, self._folder, self.sign = databases, signer, folder, sign
        self._with_audit: list[str] | None = None

    async def apps(self) -> list[str]:
        """Apps that have an audit."""
        if self._with_audit is None:
            found = [app for app in sorted(self._databases) if await self._exists(app)]
            self._with_audit = found
        return self._with_audit

    async def _exists(self, app: str) -> bool:
        try:
            return await self._databases[app]().read(AuditStore(app).exists)
        except DatabaseUnavailable:
            return False

    async def find(self, wanted: Wanted, limit: int, app: str = "") -> list[Row]:
        """Up to `limit` rows of one app or all, the newest first."""
        apps = [one for one in await self.apps() if app in ("", one)]
        found = await asyncio.gather(*(self._find(one, wanted, limit) for one in apps))
        rows = [row for part in found for row in part]
        return sorted(rows, key=lambda row: (-row.time_s, row.app, -row.seq))[:limit]

    async def _find(self, app: str, wanted: Wanted, limit: int) -> list[Row]:
        return list(await self._databases[app]().read(lambda c: AuditStore(app).find(c, wanted, limit)))

    async def verify(self) -> list[Verdict]:
        """Checks every app's rows, heads and file of heads."""
        await self.sign()
        return [await self.verify_app(app) for app in await self.apps()]

    async def verify_app(self, app: str) -> Verdict:
        """As `verify`, of one app, nothing being signed before."""
        return await self._databases[app]().read(lambda c: self._check(c, app))

    def _check(self, connection: Connection, app: str) -> Verdict:
        store = AuditStore(app)
        try:
            # The file first: a head written meanwhile is then missing in neither.
            kept = HeadFile(self._folder, app).read()
            heads = store.heads(connection)
            if kept != heads and not (self._is_held() and kept == heads[: len(kept)]):
                raise Broken(app, 0, "heads_file")
            verdict = check_rows(app, store.follow(connection), heads, self.signer.public_key)
        except Broken as broken:
            return Verdict(app=app, reason=broken.reason, broken_seq=broken.seq)
        return verdict

    async def heads(self, app: str) -> list[Head]:
        return await self._databases[app]().read(AuditStore(app).heads)

    def follow(self, app: str, until_seq: int) -> Iterator[list[Row]]:
        """Rows up to `until_seq` in batches; blocks, for a thread of its own."""
        store, after = AuditStore(app), -1
        database = self._databases[app]()
        while True:
            rows = database.submit_read(lambda c, seq=after: store.batch(c, seq)).result()  # type: ignore[misc]
            wanted = [row for row in rows if row.seq <= until_seq]
            if not wanted:
                return
            yield wanted
            after = wanted[-1].seq
