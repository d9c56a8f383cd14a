"""A letter to one person, and the table in which it waits."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

from synfonium.common.problem import Unavailable

__all__ = ["Letter", "MailQueueFull", "mail_table"]


class MailQueueFull(Unavailable):
    """Too many letters wait already."""

    code = "mail_queue_full"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """to: the address (see libraries.mail_address). template: `<app>/mail/<name>`.

    locale: of the reader; empty or unknown means English. values: for the template, what
    JSON can say. about: id of the person whom it concerns, empty for nobody with an
    account. topic: empty for a letter the person needs; else the notice can be stopped.
    """

    to: str
    template: str
    locale: str = ""
    values: dict[str, Any] = {}
    about: str = ""
    topic: str = ""


_KEPT = "until sent; 30 days when it could not be"


def mail_table(app: str, metadata: MetaData) -> Table:
    """The table `<app>_mail`; an app that writes letters makes it in a migration.

    state: `waiting`, `handing` (the engine has it), `failed`, `perhaps` (handed over, and
    no answer came). Address and words are sealed; a row goes away when its letter is sent.
    """
    return Table(
        f"{app}_mail",
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("id", String(26), nullable=False, unique=True),
        Column("about", String(26), nullable=False),
        Column("template", String(100), nullable=False),
        Column("topic", String(60), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("state", String(10), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("added_s", Float, nullable=False),
        Column("next_s", Float, nullable=False),
        Column("code", String(60), nullable=False),
        Index(f"{app}_mail_due", "state", "next_s"),
        info={
            "personal": {
                "about": f"id of whom it concerns; so that it goes with the account; {_KEPT}",
                "sealed": "address and words of the letter, sealed; to send it; until sent or given up",
            },
            "owner": "about",
            "swept": "synfonium.kernel.mail.queue:Mail.recover",
        },
        keep_existing=True,
        sqlite_autoincrement=True,
    )
