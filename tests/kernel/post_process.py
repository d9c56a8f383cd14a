"""A process that delivers letters, made to be killed.

`python -m tests.kernel.post_process DATABASE TARGET`, spoken to as child.serve_forks says;
TARGET is a folder, or an smtp:// address. `post 0` delivers for ever, `count 0` until nothing is due.
"""

import asyncio
import sys
from pathlib import Path

from sqlalchemy import MetaData

from synfonium.engines.database.sqlite import open_sqlite
from synfonium.engines.mail.outbox import OutboxMailer
from synfonium.engines.mail.smtp import SmtpMailer, parse_smtp
from synfonium.kernel.mail import Mail, mail_table
from synfonium.kernel.mail.post import Postman, PostRules
from synfonium.kernel.mail.queue import Queued
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.ports.mailer import Mailer, Outgoing
from synfonium.testing.child import serve_forks


def open_mail(path: Path) -> tuple[Database, Mail]:
    database = open_sqlite(path)
    metadata = MetaData()
    mail_table("identity", metadata)
    database.alter(metadata.create_all)
    return database, Mail("identity", SystemClock(), InstallationSecretBox(bytes(32)))


def _compose(queued: Queued) -> Outgoing:
    message_id = f"<{queued.id}@cloud.example.org>"
    content = f"From: a@b.c\r\nMessage-ID: {message_id}\r\n\r\nHello\r\n".encode()
    return Outgoing(
        message_id=message_id, sender="cloud@example.org", recipient="ada@example.org", content=content
    )


async def _never(person: str, topic: str) -> bool:
    return False


async def _deliver(path: Path, target: str, *, for_ever: bool) -> None:
    database, mail = open_mail(path)
    mailer: Mailer = (
        SmtpMailer(parse_smtp(target)) if target.startswith("smtp:") else OutboxMailer(Path(target))
    )
    rules = PostRules(poll_s=0.02, per_minute=10**9, per_address_and_hour=10**9)
    postman = Postman(
        database=database,
        mail=mail,
        mailer=mailer,
        compose=_compose,
        refuses=_never,
        clock=SystemClock(),
        rules=rules,
    )
    postman.start()
    while for_ever or (await database.read(mail.state)).waiting:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await postman.stop()
    database.close()


def main() -> None:
    path, target = Path(sys.argv[1]), sys.argv[2]
    serve_forks(lambda command, _number: asyncio.run(_deliver(path, target, for_ever=command == "post")))


if __name__ == "__main__":
    main()
