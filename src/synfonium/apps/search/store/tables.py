"""The tables `search_*` of crawls, their frontier, hosts and pages."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

from synfonium.apps.search.model import LONGEST_URL
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("search", metadata)

kept_preferences = Table(
    "search_preferences",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("token", Text, nullable=False),
    info={
        "personal": {
            "person": "id of the person; whose preferences of search these are; until taken back",
            "token": "sites raised, lowered, pinned and blocked, languages and country; so that the person "
            "finds them on each device; until taken back",
        },
        "owner": "person",
    },
)

crawls = Table(
    "search_crawl",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("plan", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("begun_s", Float, nullable=False),
    Column("indexed", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("forbidden", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    info={"personal": {}},
)

frontier = Table(
    "search_frontier",
    metadata,
    Column("crawl_id", String(26), primary_key=True),
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("authority", String(300), nullable=False),
    Column("hops", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("redirects", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("kind", String(8), nullable=False, server_default="page"),
    Column("published_s", Float, nullable=False, server_default="0"),
    Index("search_frontier_next", "crawl_id", "authority", "state", "hops", "depth"),
    info={"personal": {}},
)

hosts = Table(
    "search_host",
    metadata,
    Column("authority", String(300), primary_key=True),
    Column("robots", Text, nullable=False),
    Column("robots_read_s", Float, nullable=False),
    info={"personal": {}},
)

# MinHash bands of a page's text: near duplicates have one in common.
BANDS = ("band_1", "band_2", "band_3", "band_4")

pages = Table(
    "search_page",
    metadata,
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("host", String(300), nullable=False, index=True),
    Column("lang", String(20), nullable=False),
    Column("digest", LargeBinary, nullable=False, index=True),
    Column("read_s", Float, nullable=False),
    Column("simhash", BigInteger, nullable=False, server_default="0"),
    *(Column(name, BigInteger, index=True) for name in BANDS),
    info={"personal": {}},
)

extracts = Table(
    "search_extract",
    metadata,
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("extract", LargeBinary, nullable=False),
    Column("file_type", String(10), nullable=False),
    Column("read_s", Float, nullable=False),
    Column("standing", BigInteger, nullable=False),
    info={"personal": {}},
)

host_links = Table(
    "search_host_link",
    metadata,
    Column("source", String(300), primary_key=True),
    Column("target", String(300), primary_key=True),
    info={"personal": {}},
)

host_ranks = Table(
    "search_host_rank",
    metadata,
    Column("host", String(300), primary_key=True),
    Column("rank", Float, nullable=False),
    info={"personal": {}},
)

page_links = Table(
    "search_page_link",
    metadata,
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("host", BigInteger, nullable=False),
    Column("anchor", String(200), nullable=False),
    info={"personal": {}},
)

page_ranks = Table(
    "search_page_rank",
    metadata,
    Column("page", BigInteger, primary_key=True, autoincrement=False),
    Column("rank", Float, nullable=False),
    info={"personal": {}},
)

# A host is visited by one worker at a time, whatever the crawl: whoever holds its lease.
leases = Table(
    "search_lease",
    metadata,
    Column("authority", String(300), primary_key=True),
    Column("crawl_id", String(26), nullable=False, index=True),
    Column("holder", String(40), nullable=False, index=True),
    Column("until_s", Float, nullable=False),
    Column("next_s", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("delay_s", Float, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    info={"personal": {}},
)

visits = Table(
    "search_visit",
    metadata,
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("authority", String(300), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("etag", String(300), nullable=False),
    Column("last_modified", String(60), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("links", LargeBinary, nullable=False),
    Column("visited_s", Float, nullable=False),
    Column("interval_s", Float, nullable=False),
    Column("due_s", Float, nullable=False, index=True),
    info={"personal": {}},
)

failures = Table(
    "search_failure",
    metadata,
    Column("crawl_id", String(26), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("count", Integer, nullable=False),
    info={"personal": {}},
)

minutes = Table(
    "search_minute",
    metadata,
    Column("crawl_id", String(26), primary_key=True),
    Column("begun_s", Integer, primary_key=True),
    Column("fetched", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    info={"personal": {}},
)

scopes = Table(
    "search_scope",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("rules", LargeBinary, nullable=False),
    info={"personal": {}},
)

# A page as it came, in a blob of WARC records; gzip members can be read one by one.
archive = Table(
    "search_archive",
    metadata,
    Column("url", String(LONGEST_URL), primary_key=True),
    Column("read_s", Float, primary_key=True),
    Column("blob", String(100), nullable=False, index=True),
    Column("start_byte", BigInteger, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    info={"personal": {}},
)
