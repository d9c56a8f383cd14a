"""What one app gets from the house in one role."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from synfonium.kernel.actor import Person
from synfonium.kernel.anonymous import Ask
from synfonium.kernel.app import App, Role
from synfonium.kernel.asgi import Scope
from synfonium.kernel.audit import Audit
from synfonium.kernel.calls import Call, Caller, Progress
from synfonium.kernel.config import Settings
from synfonium.kernel.mail import Mail
from synfonium.kernel.outbox import Outbox
from synfonium.kernel.site import Site
from synfonium.kernel.small_blobs import blobs_of
from synfonium.ports.blobs import BlobStore
from synfonium.ports.clock import Clock
from synfonium.ports.compute import Compute
from synfonium.ports.copies import DatabaseCopies
from synfonium.ports.database import Database
from synfonium.ports.index import SearchIndex
from synfonium.ports.jobs import Jobs
from synfonium.ports.secrets import SecretBox
from synfonium.ports.vault import Vault

if TYPE_CHECKING:
    from synfonium.kernel.audit.book import AuditBook
    from synfonium.kernel.pages import Pages

__all__ = ["CONTEXTS", "Call", "Caller", "Context", "Engines", "Offers", "Progress"]

P = TypeVar("P")
CONTEXTS = "synfonium.contexts"
"""Where a request to a typed door holds the contexts of its process, by the names of their apps."""
Authenticate = Callable[[Scope], Awaitable[Person | None]]
CheckMail = Callable[[], Awaitable[None]]


class Context:
    """The app's side of the house: its settings, engines, outbox, mail, audit and neighbours.

    `database` exists for apps with migrations; it is read-only in a role that does not
    own it. `settings` are those of the whole installation. `folder` is the app's own place in
    the home. `service` is what the app's `service` yielded; it is set before any door, event
    or command is served. `authenticate` tells who sent a request (for plain ASGI doors; raises
    SignInNeeded for a wrong credential). `ask` asks this installation's anonymous doors with
    nobody's name on it. `pages` renders templates and problems; set in roles that serve doors.
    """

    def __init__(
        self,
        *,
        app: App,
        role: Role,
        config: Any,
        folder: Path,
        site: Site,
        clock: Clock,
        secrets: SecretBox,
        engines: "Engines",
        call: Caller,
        offers: "Offers",
        home: Path,
        authenticate: Authenticate,
        audit_book: "Callable[[], AuditBook] | None" = None,
        ask: Ask,
        settings: Settings | None = None,
        check_mail: "CheckMail | None" = None,
    ) -> None:
        self.app, self.role, self.config, self.folder = app, role, config, folder
        self._settings = settings
        self.site, self.clock, self.secrets, self.call = site, clock, secrets, call
        self._engines, self._offers = engines, offers
        self.outbox = Outbox(app.name, clock)
        self.audit = Audit(app.name, clock)
        self.mail = Mail(app.name, clock, secrets)
        self.home, self.authenticate, self.ask = home, authenticate, ask
        self._audit_book, self._check_mail = audit_book, check_mail
        self.service: Any = None
        self.pages: Pages | None = None

    @property
    def settings(self) -> Settings:
        assert self._settings is not None
        return self._settings

    @property
    def owns_database(self) -> bool:
        return self.app.role == self.role or self._engines.single_process

    @property
    def database(self) -> Database:
        return self._engines.database(self.app, read_only=not self.owns_database)

    @cached_property
    def blobs(self) -> BlobStore:
        store = self._engines.blobs(self.app)
        return blobs_of(self.app, store, self.database, self.clock, writes_rows=self.owns_database)

    def index(self, name: str, *, writable: bool = False) -> SearchIndex:
        return self._engines.index(f"{self.app.name}-{name}", writable=writable)

    def temporary_index(self) -> AbstractContextManager[SearchIndex]:
        """An index of the same engine that is gone after the block: for measuring."""
        return self._engines.temporary_index()

    @property
    def compute(self) -> Compute:
        return self._engines.compute()

    @property
    def jobs(self) -> Jobs:
        """Durable jobs; only in the worker."""
        return self._engines.jobs()

    def copies(self) -> DatabaseCopies:
        """All databases of the home, to be copied at one moment."""
        return self._engines.copies()

    def vault(self, address: str, key: str) -> Vault:
        """Where backups are kept: a folder, or what the engine takes as `s3:…`, `sftp:…`."""
        return self._engines.vault(address, key)

    def elsewhere(self, home: Path, database: str, *, blobs: str = "") -> "Engines":
        """Engines of another home, to read alone; whoever asks closes them. blobs: where its
        content is, when not where ours is."""
        return self._engines.elsewhere(home, database, blobs=blobs)

    def audit_of_all(self) -> "AuditBook":
        """What every app has written down, for who may read it."""
        if self._audit_book is None:
            raise LookupError("nothing here reads the audit of all apps")
        return self._audit_book()

    async def check_mail(self) -> None:
        """Raises NotSent when a letter could not be handed over now; none is sent."""
        if self._check_mail is None:
            raise LookupError("nothing here sends letters")
        await self._check_mail()

    def offer(self, protocol: type[P]) -> P:
        """What another app in this process offers under `protocol`. Raises LookupError."""
        found: P = self._offers.one(protocol)
        return found

    def offers(self, protocol: type[P]) -> list[P]:
        return self._offers.all(protocol)


class Engines(Protocol):
    """The engines picked by the settings, opened when first asked for."""

    single_process: bool

    def database(self, app: App, *, read_only: bool) -> Database: ...
    def blobs(self, app: App) -> BlobStore: ...
    def index(self, name: str, *, writable: bool) -> SearchIndex: ...
    def temporary_index(self) -> AbstractContextManager[SearchIndex]: ...
    def compute(self) -> Compute: ...
    def jobs(self) -> Jobs: ...
    def copies(self) -> DatabaseCopies: ...
    def vault(self, address: str, key: str) -> Vault: ...
    def elsewhere(self, home: Path, database: str, *, blobs: str = "") -> "Engines":
        """Engines of another home whose tables are at `database`, to read alone."""
        ...

    async def open_jobs(self) -> None:
        """Goes on with interrupted jobs, when some app of this process has registered any."""
        ...

    async def close(self) -> None: ...


class Offers:
    """Implementations that apps of one process offer one another, made when first asked for."""

    def __init__(self) -> None:
        self._makers: dict[str, list[Callable[[], Any]]] = {}
        self._made: dict[int, Any] = {}

    def add(self, protocol: str, maker: Callable[[], Any]) -> None:
        self._makers.setdefault(protocol, []).append(maker)

    def all(self, protocol: type[P]) -> list[P]:
        makers = self._makers.get(f"{protocol.__module__}:{protocol.__qualname__}", [])
        return [self._make(maker) for maker in makers]

    def one(self, protocol: type[P]) -> P:
        found = self.all(protocol)
        if not found:
            raise LookupError(f"no app in this process offers {protocol.__qualname__}")
        return found[0]

    def _make(self, maker: Callable[[], Any]) -> Any:
        if id(maker) not in self._made:
            self._made[id(maker)] = maker()
        return self._made[id(maker)]
