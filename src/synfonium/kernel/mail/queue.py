"""Letters wait in the app's own database; SQL of that, within the caller's transaction."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, MetaData, func, insert, inspect, select

from synfonium.common.ids import new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.i18n import _
from synfonium.kernel.mail.letter import Letter, MailQueueFull, mail_table
from synfonium.libraries.mail_address import parse_address
from synfonium.ports.clock import Clock
from synfonium.ports.secrets import SecretBox

__all__ = ["Mail", "MailState", "Queued"]

LONGEST_QUEUE = 20_000
LARGEST_LETTER_BYTES = 64 * 1024
KEPT_S = 30 * 86_400.0


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A letter on its way. letter: None when it cannot be opened any more."""

    seq: int
    id: str
    letter: Letter | None
    attempts: int
    added_s: float


class MailState(msgspec.Struct, frozen=True, kw_only=True):
    """How an app's letters are. Times are 0 for never; last_code: of the newest failure."""

    waiting: int = 0
    failed: int = 0
    perhaps: int = 0
    oldest_s: float = 0.0
    last_code: str = ""
    last_failed_s: float = 0.0


class Mail:
    """Adds letters within the caller's transaction.

    `on_added` is called from the writer's thread, before the commit.
    """

    def __init__(self, app: str, clock: Clock, secrets: SecretBox) -> None:
        self._clock, self._secrets = clock, secrets
        self._purpose = f"mail.{app}"
        self._table = mail_table(app, MetaData())
        self.on_added: Callable[[], None] = lambda: None

    def exists(self, connection: Connection) -> bool:
        """Whether the app has made its table: apps without letters have none."""
        return inspect(connection).has_table(self._table.name)

    def add(self, connection: Connection, letter: Letter) -> str:
        """Queues `letter`; gives its id. Raises BadInput (`to`) and MailQueueFull."""
        try:
            letter = msgspec.structs.replace(letter, to=parse_address(letter.to))
        except ValueError:
            raise BadInput("to", _("This is not an e-mail address.")) from None
        plain = msgspec.json.encode(letter)
        if len(plain) > LARGEST_LETTER_BYTES:
            raise ValueError("a letter of more than 64 KiB")
        waiting = select(func.count()).select_from(self._table).where(self._table.c.state == "waiting")
        if connection.execute(waiting).scalar_one() >= LONGEST_QUEUE:
            raise MailQueueFull
        now_s = self._clock.now_s()
        letter_id = new_id(now_s)
        row = {
            "id": letter_id,
            "about": letter.about,
            "template": letter.template,
            "topic": letter.topic,
            "sealed": self._secrets.seal(plain, purpose=self._purpose),
            "state": "waiting",
            "attempts": 0,
            "added_s": now_s,
            "next_s": now_s,
            "code": "",
        }
        connection.execute(insert(self._table), [row])
        self.on_added()
        return letter_id

    def due(self, connection: Connection, limit: int) -> Sequence[Queued]:
        """Up to `limit` letters whose time has come, the oldest first."""
        table = self._table
        is_due = (table.c.state == "waiting") & (table.c.next_s <= self._clock.now_s())
        rows = connection.execute(select(table).where(is_due).order_by(table.c.seq).limit(limit))
        return [
            Queued(
                seq=row.seq,
                id=row.id,
                letter=self._open(row.sealed),
                attempts=row.attempts,
                added_s=row.added_s,
            )
            for row in rows
        ]

    def hand(self, connection: Connection, seq: int) -> None:
        """The engine has it from now on. Raises LookupError when it is not there to be sent."""
        table = self._table
        is_ours = (table.c.seq == seq) & (table.c.state == "waiting")
        if connection.execute(table.update().where(is_ours).values(state="handing")).rowcount != 1:
            raise LookupError("no such letter waits")

    def sent(self, connection: Connection, seq: int) -> None:
        connection.execute(self._table.delete().where(self._table.c.seq == seq))

    def later(self, connection: Connection, seq: int, code: str, next_s: float) -> None:
        """To be tried again, not before `next_s`."""
        table = self._table
        again = {"state": "waiting", "code": code, "next_s": next_s, "attempts": table.c.attempts + 1}
        connection.execute(table.update().where(table.c.seq == seq).values(again))

    def postponed(self, connection: Connection, seq: int, next_s: float) -> None:
        """Not tried now: nothing failed."""
        table = self._table
        connection.execute(table.update().where(table.c.seq == seq).values(next_s=next_s))

    def end(self, connection: Connection, seq: int, state: str, code: str) -> None:
        """Not tried again: `failed` or `perhaps`. Only the fact is kept, for 30 days."""
        table = self._table
        done = {"state": state, "code": code, "sealed": b"", "next_s": self._clock.now_s()}
        connection.execute(table.update().where(table.c.seq == seq).values(done))

    def recover(self, connection: Connection, *, is_idempotent: bool) -> int:
        """After a crash: what was being handed over goes again, or is marked as perhaps sent.

        Also forgets facts older than 30 days. Gives how many were perhaps sent.
        """
        table = self._table
        old = table.c.state.in_(("failed", "perhaps")) & (table.c.next_s < self._clock.now_s() - KEPT_S)
        connection.execute(table.delete().where(old))
        handing = table.update().where(table.c.state == "handing")
        if is_idempotent:
            connection.execute(handing.values(state="waiting"))
            return 0
        done = {"state": "perhaps", "code": "crash", "sealed": b"", "next_s": self._clock.now_s()}
        return connection.execute(handing.values(done)).rowcount

    def state(self, connection: Connection) -> MailState:
        table = self._table
        counts = select(table.c.state, func.count(), func.min(table.c.added_s)).group_by(table.c.state)
        found = {row[0]: (row[1], row[2]) for row in connection.execute(counts)}
        # `next_s` of a letter that ended is when that was.
        newest = select(table.c.code, table.c.next_s).where(table.c.code != "").order_by(table.c.seq.desc())
        last = connection.execute(newest.limit(1)).first()
        waiting = [found[state] for state in ("waiting", "handing") if state in found]
        return MailState(
            waiting=sum(count for count, _oldest in waiting),
            failed=found.get("failed", (0, 0.0))[0],
            perhaps=found.get("perhaps", (0, 0.0))[0],
            oldest_s=min((oldest for _count, oldest in waiting), default=0.0),
            last_code=last.code if last else "",
            last_failed_s=last.next_s if last else 0.0,
        )

    def troubled(self, connection: Connection, limit: int = 50) -> Sequence[tuple[str, str, str, float]]:
        """Letters that did not surely arrive: id, state, code, when; the newest first."""
        table = self._table
        ended = select(table.c.id, table.c.state, table.c.code, table.c.next_s).where(
            table.c.state.in_(("failed", "perhaps"))
        )
        rows = connection.execute(ended.order_by(table.c.seq.desc()).limit(limit))
        return [(row.id, row.state, row.code, row.next_s) for row in rows]

    def _open(self, sealed: bytes) -> Letter | None:
        try:
            return msgspec.json.decode(self._secrets.open(sealed, purpose=self._purpose), type=Letter)
        except (ValueError, msgspec.DecodeError):
            return None
