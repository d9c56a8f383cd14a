"""What a crawl has found since it was last made durable."""

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import CrawlReport, FetchState
from synfonium.apps.search.store import PageRow
from synfonium.ports.index import IndexDocument


class Batch(msgspec.Struct, kw_only=True):
    """Pages for the index, and addresses that are dealt with once those are in it.

    The index is committed first and the addresses are marked after: a crash in between
    makes us read those pages again, never forget them.
    """

    documents: dict[str, IndexDocument] = {}
    rows: dict[str, PageRow] = {}
    gone: set[str] = set()
    states: dict[str, FetchState] = {}
    closed: set[str] = set()

    def __len__(self) -> int:
        return len(self.states)

    def add_page(self, document: IndexDocument, row: PageRow) -> None:
        self.gone.discard(row.url)
        self.documents[row.url], self.rows[row.url] = document, row

    def forget_page(self, url: str) -> None:
        self.documents.pop(url, None)
        self.rows.pop(url, None)
        self.gone.add(url)

    def without(self, twins: set[str]) -> tuple[list[IndexDocument], list[str]]:
        """What to add to the index and what to delete from it."""
        added = [document for url, document in self.documents.items() if url not in twins]
        return added, [*self.gone, *twins]


def save_batch(
    connection: Connection, crawl_id: str, batch: Batch, twins: set[str], report: CrawlReport
) -> int:
    """Marks what is dealt with; returns how many addresses of closed hosts were given up."""
    store.put_pages(connection, [row for url, row in batch.rows.items() if url not in twins])
    store.remove_pages(connection, [*batch.gone, *twins])
    done = [url for url, state in batch.states.items() if state == "done"]
    store.mark(connection, crawl_id, done, "done")
    store.mark(connection, crawl_id, batch.states.keys() - set(done), "failed")
    given_up = sum(store.close_host(connection, crawl_id, authority) for authority in batch.closed)
    left = {"failed": report.failed + given_up, "waiting": report.waiting - given_up}
    store.set_report(connection, crawl_id, msgspec.structs.replace(report, **left))
    return given_up
