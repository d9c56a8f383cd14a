"""The tables `operations_…`."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("operations", metadata)

runs = Table(
    "operations_run",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("is_job", Boolean, nullable=False),
    Column("begun_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    Column("kept_id", String(64), nullable=False),
    Column("added_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("vault_bytes", BigInteger, nullable=False),
    Column("reason", String(100), nullable=False),
    Column("checked", Text),
    Index("operations_run_order", "begun_s"),
    info={"personal": {}},
)

pulses = Table(
    "operations_pulse",
    metadata,
    Column("time_s", Float, primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("is_up", Boolean, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("waiting", Integer, nullable=False),
    info={"personal": {}},
)
