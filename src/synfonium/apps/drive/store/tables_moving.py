"""Tables of moving in: the jobs, and what each of them has taken or could not take."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, String, Table, Text

from synfonium.apps.drive.store.tables import metadata

move_ins = Table(
    "drive_move_in",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("why", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("sealed_access", LargeBinary, nullable=False),
    Column("target", String(26), nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    Column("is_counted", Boolean, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("done", Integer, nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("same", Integer, nullable=False),
    Column("not_taken", Integer, nullable=False),
    info={
        "personal": {
            "person": "id of who moves in; their job; until they remove it",
            "source": "where their files come from; shown to them; until they remove it",
        },
        "owner": "person",
        "secrets": ("sealed_access",),
    },
)

move_in_files = Table(
    "drive_move_in_file",
    metadata,
    Column("job", String(26), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("why", String(12), nullable=False),
    Column("place", Text, nullable=False),
    info={
        "personal": {"place": "path of a file that could not be taken; told to its owner; until removed"},
        "owner": ("job", "drive_move_in.id"),
    },
)
