"""Pages are kept as they came, can be read back one by one, and make the index anew."""

import gzip
from io import BytesIO
from pathlib import Path

from fastwarc.warc import ArchiveIterator
from sqlalchemy import text
from tests.corpora.mini_web import html, pages, serve

from synfonium.apps.search.service.archive import record_of
from synfonium.apps.search.service.fetch import Fetched
from synfonium.testing.client import installation

PAGES = {
    "/": html('<title>Home</title><p>aardvark home <a href="/a">a</a> <a href="/no">n</a>'),
    "/a": html("<title>A</title><p>aardvark burrow"),
    "/no": html("<title>No</title><p>aardvark not kept", x_robots_tag="noarchive"),
}


def test_a_record_is_a_gzip_member_that_other_programs_read() -> None:
    answer = Fetched(url="http://a.example/é", status=200, content_type="text/html\r\nX: y", body=b"<p>x")
    packed = record_of(answer, 1_700_000_000).packed
    assert gzip.decompress(packed).startswith(b"WARC/1.1\r\n")
    for record in ArchiveIterator(BytesIO(packed), parse_http=True):
        assert record.headers["WARC-Target-URI"] == "http://a.example/é"
        assert record.http_headers["Content-Type"] == "text/htmlX: y"
        assert record.reader.read() == b"<p>x"


async def test_what_was_crawled_can_be_exported_and_the_index_made_anew_from_it(tmp_path: Path) -> None:
    async with installation(tmp_path / "home") as house:
        with serve({"zoo.localhost": pages(PAGES)}) as web:
            seed = web.url("zoo.localhost")
            wish = {"seeds": [seed], "delay_s": 0.0, "allow_private_network": True}
            await house.call("search.crawl", wish)
        archive = house.context("search").service.crawls.archive
        assert b"aardvark burrow" in (await archive.read(web.url("zoo.localhost", "/a")) or b"")
        assert await archive.read(web.url("zoo.localhost", "/no")) is None
        file = tmp_path / "all.warc.gz"
        await house.call("search.export_archive", {"path": str(file)})
        with file.open("rb") as stream:
            assert len(list(ArchiveIterator(stream))) == 2
        report = await house.call("search.rebuild", {})
        assert report["indexed"] == 2
        assert not list(house.context("search").folder.glob("rebuild-*"))


async def test_what_is_older_than_the_setting_says_leaves_the_archive(tmp_path: Path) -> None:
    async with installation(tmp_path / "home") as house:
        with serve({"zoo.localhost": pages(PAGES)}) as web:
            wish = {"seeds": [web.url("zoo.localhost")], "delay_s": 0.0, "allow_private_network": True}
            await house.call("search.crawl", wish)
        context = house.context("search")
        archive = context.service.crawls.archive
        assert await archive.forget_old() == 0
        await context.database.write(lambda c: c.execute(text("UPDATE search_archive SET read_s = 1")))
        assert await archive.forget_old() == 1
        assert [name async for name in context.blobs.names("archive/")] == []
