"""The tables `search_*` of what an operator owes others: requests, blocks, and API tokens."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table, Text

from synfonium.apps.search.model import LONGEST_URL
from synfonium.apps.search.store.tables import metadata
from synfonium.kernel.audit import audit_table
from synfonium.kernel.mail import mail_table

audit = audit_table("search", metadata)
mail = mail_table("search", metadata)

requests = Table(
    "search_request",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("url", String(LONGEST_URL), nullable=False),
    Column("is_site", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("locale", String(8), nullable=False),
    Column("made_s", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("effect", String(10), nullable=False),
    Column("statement", Text, nullable=False),
    Column("decided_by", String(26), nullable=False),
    Column("decided_s", Float),
    Column("objection", Text, nullable=False),
    Column("objected_s", Float, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_s", Float, nullable=False),
    Index("search_request_state", "state", "made_s"),
    info={
        "personal": {
            "name": "name of a person who asks not to be found by it; decided on; 180 days after that",
            "text": "what somebody wrote about a page; decided on; 180 days after that",
            "contact": "address of who wrote it; told of the decision; 180 days after that",
            "statement": "the decision and its reasons; told to who wrote; 180 days after that",
            "objection": "what somebody wrote against a decision; answered; 180 days after the decision",
            "answer": "the answer to that; told to who wrote; 180 days after the decision",
            "decided_by": "id of the administrator who decided; for the register; 180 days after that",
        },
        "kept": "they come from people without an account, and the register is owed for as long",
        "mentions": ("decided_by",),
        "ends": ("decided_s", 180 * 86_400.0),
    },
)

blocks = Table(
    "search_block",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("url", String(LONGEST_URL), nullable=False),
    Column("is_site", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("made_s", Float, nullable=False),
    info={
        "personal": {
            "name": "name of a person; a page is not found by it; until the operator takes it back",
        },
        "kept": "without it the page would be found by that name again",
    },
)

tokens = Table(
    "search_token",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("per_s", Float, nullable=False),
    Column("burst", Integer, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("until_s", Float, nullable=False),
    info={"personal": {}, "ends": ("until_s", 30 * 86_400.0)},
)
