"""Requests of people and sites, what is left out of the index for them, and API tokens."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from synfonium.apps.search.store.tables_duties import blocks, requests, tokens

Kind = Literal["removal", "delisting", "notice"]
State = Literal["open", "granted", "rejected"]
Effect = Literal["", "name", "all"]
r = requests.c


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """kind: removal by who controls the site, de-listing of a person, notice of something illegal.

    is_site: the whole host of `url` is meant. name: by which a person does not want to be found.
    effect: what was granted: `name` (not found by it) or `all`. objection: what who did not get their way
    wrote against the decision; answer: of the operator.
    """

    id: str
    kind: Kind
    url: str
    is_site: bool
    name: str
    reason: str
    text: str
    contact: str
    locale: str
    made_s: float
    state: State = "open"
    effect: Effect = ""
    statement: str = ""
    decided_by: str = ""
    decided_s: float | None = None
    objection: str = ""
    objected_s: float = 0.0
    answer: str = ""
    answered_s: float = 0.0


class BlockRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out: a page, or with is_site its host and what lies below; only for who asks for
    `name`, unless it is empty."""

    id: str
    url: str
    is_site: bool
    name: str
    made_s: float


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """hash: SHA-256 of the token. until_s: when it ends, UTC seconds."""

    id: str
    name: str
    hash: bytes
    per_s: float
    burst: int
    made_s: float
    until_s: float


def _request(row: Row[*tuple[Any, ...]]) -> RequestRow:
    return RequestRow(**{**row._mapping, "is_site": bool(row.is_site)})


def add_request(connection: Connection, request: RequestRow) -> None:
    connection.execute(insert(requests), msgspec.structs.asdict(request))


def find_request(connection: Connection, id_: str) -> RequestRow | None:
    row = connection.execute(select(requests).where(r.id == id_)).first()
    return _request(row) if row else None


def change_request(connection: Connection, request: RequestRow) -> None:
    values = msgspec.structs.asdict(request)
    connection.execute(update(requests).where(r.id == request.id).values(**values))


def list_requests(connection: Connection, *, is_open: bool, limit: int) -> Sequence[RequestRow]:
    """Those that wait, the oldest first; or those that are decided, the newest first."""
    query = select(requests).where(r.state == "open" if is_open else r.state != "open")
    order = r.made_s if is_open else r.made_s.desc()
    return [_request(row) for row in connection.execute(query.order_by(order, r.id).limit(limit))]


def objected_requests(connection: Connection, limit: int) -> Sequence[RequestRow]:
    """Those whose decision somebody objects to, and nobody has answered; the oldest first."""
    query = select(requests).where(r.objected_s > 0, r.answered_s == 0)
    return [_request(row) for row in connection.execute(query.order_by(r.objected_s, r.id).limit(limit))]


def count_open(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(r.state == "open")).scalar() or 0)


def written_by(connection: Connection, contact: str, since_s: float) -> int:
    """How many somebody with this address has sent."""
    query = select(func.count()).where(r.contact == contact, r.made_s >= since_s)
    return int(connection.execute(query).scalar() or 0)


def count_requests(connection: Connection) -> dict[tuple[str, str], int]:
    """Kind and state to how many there are."""
    found = connection.execute(select(r.kind, r.state, func.count()).group_by(r.kind, r.state))
    return {(kind, state): number for kind, state, number in found}


def add_block(connection: Connection, block: BlockRow) -> None:
    connection.execute(insert(blocks), msgspec.structs.asdict(block))


def remove_block(connection: Connection, id_: str) -> None:
    connection.execute(delete(blocks).where(blocks.c.id == id_))


def read_blocks(connection: Connection) -> list[BlockRow]:
    return [
        BlockRow(**{**row._mapping, "is_site": bool(row.is_site)})
        for row in connection.execute(select(blocks))
    ]


def add_token(connection: Connection, token: TokenRow) -> None:
    connection.execute(insert(tokens), msgspec.structs.asdict(token))


def remove_token(connection: Connection, id_: str) -> bool:
    """Whether there was one."""
    return bool(connection.execute(delete(tokens).where(tokens.c.id == id_)).rowcount)


def read_tokens(connection: Connection) -> list[TokenRow]:
    """The newest first."""
    found = connection.execute(select(tokens).order_by(tokens.c.made_s.desc()))
    return [TokenRow(**row._mapping) for row in found]
