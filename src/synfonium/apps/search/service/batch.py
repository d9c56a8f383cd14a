"""What a crawl has found since it was last made durable."""

from collections import Counter

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import FetchState, ReadPage
from synfonium.apps.search.service import graph
from synfonium.apps.search.service.archive import Record
from synfonium.apps.search.service.duplicates import row_of
from synfonium.apps.search.store import ArchivedRow, CrawlRow, FrontierRow, LeaseRow, PageRow, VisitRow


class Batch(msgspec.Struct, kw_only=True):
    """Pages for the index, and addresses that are dealt with once those are in it.

    The index is committed first and the addresses are marked after: a crash in between
    makes us read those pages again, never forget them. Hosts are given back with the marks,
    so that whoever visits them next does not read twice. counts: for the crawl's report.
    """

    pages: dict[str, ReadPage] = {}
    gone: set[str] = set()
    known: set[str] = set()
    states: dict[str, FetchState] = {}
    visits: dict[str, VisitRow] = {}
    records: list[Record] = []
    archived: list[ArchivedRow] = []
    closed: set[str] = set()
    released: dict[str, LeaseRow] = {}
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    failures: Counter[str] = msgspec.field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.states)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to make durable."""
        return not (self.states or self.closed or self.released or self.counts)

    @property
    def rows(self) -> list[PageRow]:
        return [row_of(page) for page in self.pages.values()]

    def add_page(self, page: ReadPage, *, is_known: bool) -> None:
        """is_known: what was on the page before leaves the index."""
        self.gone.discard(page.url)
        self.pages[page.url] = page
        if is_known:
            self.known.add(page.url)

    def forget_page(self, url: str) -> None:
        self.pages.pop(url, None)
        self.gone.add(url)

    def without(self, twins: set[str]) -> tuple[list[ReadPage], list[str]]:
        """Pages that stay, and addresses that leave the index."""
        added = [page for url, page in self.pages.items() if url not in twins]
        return added, [*self.gone, *twins]


class Findings:
    """The batch that is being filled, the one that is being saved, and links for the frontier.

    due: addresses that the frontier knows and that are to be visited again.
    """

    def __init__(self) -> None:
        self.batch, self.saving = Batch(), Batch()
        self.links: list[FrontierRow] = []
        self.due: list[str] = []

    def deal_with(self, row: FrontierRow, what: str, failure: str = "") -> None:
        """An address came to its end: `indexed`, `skipped`, `failed` …; `failure`: of which kind."""
        self.batch.counts[what] += 1
        self.batch.counts["waiting"] -= 1
        self.batch.states[row.url] = "failed" if what in ("failed", "forbidden") else "done"
        if failure:
            self.batch.failures[failure] += 1

    @property
    def handled(self) -> set[str]:
        """Addresses that are dealt with, though the frontier may not say so yet."""
        return self.batch.states.keys() | self.saving.states.keys()

    def take_links(self) -> tuple[list[FrontierRow], list[str]]:
        """New addresses, and those to be visited again."""
        taken = self.links, self.due
        self.links, self.due = [], []
        return taken

    def begin_saving(self) -> Batch:
        self.saving, self.batch = self.batch, Batch()
        return self.saving

    def end_saving(self) -> None:
        self.saving = Batch()


def save_batch(
    connection: Connection, crawl_id: str, holder: str, batch: Batch, twins: set[str], now_s: float
) -> CrawlRow | None:
    """Marks what is dealt with and counts it; the crawl as it is after."""
    added, gone = batch.without(twins)
    store.put_pages(connection, [row_of(page) for page in added])
    store.remove_pages(connection, gone)
    graph.forget(connection, gone)
    graph.remember(connection, added)
    store.add_archived(connection, batch.archived)
    store.put_visits(connection, list(batch.visits.values()))
    done = [url for url, state in batch.states.items() if state == "done"]
    store.mark(connection, crawl_id, done, "done")
    store.mark(connection, crawl_id, batch.states.keys() - set(done), "failed")
    given_up = sum(store.close_host(connection, crawl_id, authority) for authority in batch.closed)
    store.release_leases(connection, holder, list(batch.released.values()))
    counts = Counter(batch.counts)
    counts.update(failed=given_up, waiting=-given_up, indexed=-len(twins), skipped=len(twins))
    if batch.states:
        store.add_failures(connection, crawl_id, batch.failures)
        store.add_minute(
            connection, crawl_id, now_s, fetched=counts["fetched"], failed=batch.failures.total()
        )
    return store.add_to_report(connection, crawl_id, {k: n for k, n in counts.items() if n})
