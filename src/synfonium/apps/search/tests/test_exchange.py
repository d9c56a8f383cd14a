"""Two installations: one reads a town, the other takes it in, and can let go of it again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from synfonium.apps.search.errors import PeerRefused
from synfonium.apps.search.service.bundles.exchange import Exchange
from synfonium.apps.search.service.bundles.fetching import BundleFetcher
from synfonium.apps.search.service.bundles.keys import BundleKey, fingerprint_of
from synfonium.apps.search.service.bundles.taking import Taking
from synfonium.libraries.network.client import Answer
from synfonium.testing.client import Installation, installation

TOWN, OTHER = "https://town.example", "https://other.example"


class Wire(BundleFetcher):
    """Speaks with an installation of this process. spoil: what a machine in between does."""

    def __init__(self, house: Installation) -> None:
        super().__init__("test", is_local_allowed=False, piece_bytes=300)
        self._house, self.asked, self.spoil = house, list[str](), lambda url, body: body

    async def _get(self, url: str, largest_bytes: int) -> Answer:
        self.asked.append(url)
        async with self._house.client(origin=TOWN) as client:
            found = await client.get(url)
        return Answer(found.status_code, dict(found.headers), self.spoil(url, found.content))


class Two:
    def __init__(self, town: Installation, other: Installation, folder: Path) -> None:
        self.town, self.other, self._folder = town, other, folder
        self.exchange: Exchange = other.context("search").service.exchange
        self.wire = Wire(town)
        self.exchange.peers._fetcher = self.wire
        self._files = 0

    async def add(self, house: Installation, *pages: tuple[str, str]) -> None:
        self._files += 1
        file = self._folder / f"{self._files}.jsonl"
        file.write_text(
            "\n".join(
                json.dumps({"url": url, "title": text, "text": text, "lang": "fr"}) for url, text in pages
            )
        )
        await house.call("search.add", {"paths": [str(file)]})

    async def export(self, **arguments: object) -> None:
        await self.town.call("search.bundle_export", arguments)

    async def follow(self) -> None:
        feed = await self.exchange.peers.look(TOWN)
        await self.other.call("search.peer_add", {"address": TOWN, "fingerprint": fingerprint_of(feed.key)})

    async def pull(self) -> dict[str, int]:
        taken: dict[str, int] = await self.other.call("search.peer_pull", {"origin": TOWN})
        return taken

    async def found(self, words: str, house: Installation | None = None) -> list[str]:
        async with (house or self.other).client(origin=OTHER if house is None else TOWN) as client:
            answer = await client.get("/api/search", params={"q": words})
        return sorted(result["url"] for result in answer.json()["results"])


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(
            installation(
                tmp_path / "town",
                {"SYNFONIUM_PUBLIC_URL": TOWN, "SYNFONIUM_SEARCH_SHARE_HOSTS": "ville.example"},
            )
        )
        other = await stack.enter_async_context(
            installation(tmp_path / "other", {"SYNFONIUM_PUBLIC_URL": OTHER})
        )
        yield Two(town, other, tmp_path)


PAGES = (
    ("https://ville.example/mairie", "La mairie ouvre à neuf heures"),
    ("https://www.ville.example/marche", "Le marché du samedi"),
    ("https://elsewhere.example/", "Le marché est ailleurs"),
)


async def test_a_town_reads_its_own_patch_and_another_installation_finds_it(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    assert (await two.pull())["added"] == 2
    assert await two.found("marché mairie") == [PAGES[0][0], PAGES[1][0]], "what is not shared stays"
    assert any("start=300" in url for url in two.wire.asked), "in parts"
    assert (await two.pull())["added"] == 0
    await two.add(two.town, ("https://ville.example/piscine", "La piscine"))
    await two.export()
    assert (await two.pull())["added"] == 1
    assert await two.found("piscine") == ["https://ville.example/piscine"]


async def test_a_page_that_is_removed_there_leaves_here(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    await two.pull()
    town: Exchange = two.town.context("search").service.exchange
    town.index.delete([PAGES[0][0]])
    town.index.commit()
    await two.export()
    assert (await two.pull())["removed"] == 1
    assert await two.found("mairie") == []
    town.index.delete([PAGES[1][0]])
    town.index.commit()
    await two.export(anew=True)
    assert (await two.pull())["removed"] == 1
    assert await two.found("marché") == []


async def test_who_is_removed_goes_with_all_they_gave_and_nothing_of_ours(two: Two) -> None:
    await two.add(two.other, (PAGES[0][0], "Notre lecture de la mairie"), ("https://nous.example/", "Nous"))
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    taken = await two.pull()
    assert (taken["added"], taken["kept_ours"]) == (1, 1)
    assert await two.found("lecture") == [PAGES[0][0]], "what we read ourselves wins"
    assert await two.other.call("search.peer_remove", {"origin": TOWN}) == {"removed": 1}
    assert await two.found("marché") == []
    assert await two.found("lecture") == [PAGES[0][0]]
    assert await two.other.call("search.peer_list", {}) == []


async def test_what_is_changed_on_the_way_is_refused_and_nothing_of_it_is_found(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    two.wire.spoil = lambda url, body: body[:-1] + b"x" if ".bundle" in url else body
    with pytest.raises(PeerRefused):
        await two.pull()
    assert await two.found("mairie") == []
    [peer] = await two.other.call("search.peer_list", {})
    assert peer["failure"] in ("signature", "hash", "damaged")
    two.wire.spoil = lambda url, body: body
    assert (await two.pull())["added"] == 2, "a damaged download is not kept"


async def test_another_key_is_refused_when_added_and_later(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    with pytest.raises(PeerRefused):
        await two.other.call("search.peer_add", {"address": TOWN, "fingerprint": "0" * 64})
    await two.follow()
    stranger = two.other.context("search").secrets
    pem = json.dumps(BundleKey(stranger).public_pem).encode()
    own = json.dumps((await two.exchange.peers.look(TOWN)).key).encode()
    two.wire.spoil = lambda url, body: body.replace(own, pem)
    with pytest.raises(PeerRefused):
        await two.pull()
    [peer] = await two.other.call("search.peer_list", {})
    assert peer["failure"] == "key"


async def test_an_older_bundle_is_refused_when_it_is_played_again(two: Two, tmp_path: Path) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    folder = two.town.context("search").folder / "bundles"
    first, feed = (folder / "1-1.bundle").read_bytes(), (folder / "feed.json").read_bytes()
    await two.follow()
    await two.pull()
    await two.add(two.town, ("https://ville.example/piscine", "La piscine"))
    await two.export()
    await two.pull()
    old = tmp_path / "old.bundle"
    old.write_bytes(first)
    with pytest.raises(PeerRefused):
        await two.other.call("search.bundle_import", {"path": str(old), "origin": TOWN})
    (folder / "feed.json").write_bytes(feed)
    with pytest.raises(PeerRefused):
        await two.pull()
    [peer] = await two.other.call("search.peer_list", {})
    assert peer["failure"] == "old"
    assert await two.found("piscine") == ["https://ville.example/piscine"]


async def test_a_download_goes_on_where_it_ended(two: Two) -> None:
    await two.add(two.town, *((f"https://ville.example/{n}", f"Page {n * 7919}") for n in range(60)))
    await two.export()
    await two.follow()
    count = 0

    def cut(url: str, body: bytes) -> bytes:
        nonlocal count
        count += ".bundle" in url
        return b"" if count == 3 else body

    two.wire.spoil = cut
    with pytest.raises(PeerRefused):
        await two.pull()
    two.wire.asked.clear()
    two.wire.spoil = lambda url, body: body
    assert (await two.pull())["added"] == 60
    parts = [url.partition("?")[2] for url in two.wire.asked if ".bundle" in url]
    assert parts[0] == "start=600&most=300"


async def test_a_pull_that_is_killed_in_the_middle_is_done_again_whole(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    plain = Taking._write

    async def killed(self: Taking, batch: object) -> None:
        await plain(self, batch)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Taking, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        await two.exchange.peers.pull(TOWN)
    monkeypatch.setattr(Taking, "_write", plain)
    assert (await two.pull())["added"] == 2
    assert len(await two.found("marché mairie")) == 2


async def test_nothing_is_published_unless_the_operator_names_hosts(two: Two) -> None:
    async with two.other.client(origin=OTHER) as client:
        assert (await client.get("/search/bundles/index.json")).status_code == 404
        assert (await client.get("/search/bundles/1-1.bundle")).status_code == 404


async def test_bundles_are_served_whole_and_in_parts(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    whole = (two.town.context("search").folder / "bundles" / "1-1.bundle").read_bytes()
    url = "/search/bundles/1-1.bundle"
    async with two.town.client(origin=TOWN) as client:
        assert (await client.get(url)).content == whole
        assert (await client.get(f"{url}?start=10&most=10")).content == whole[10:20]
        for part in ("start=99999999&most=1", "start=-1&most=1", "start=0&most=-1"):
            assert (await client.get(f"{url}?{part}")).status_code == 404
        for name in ("1-2.bundle", "feed.json", "..%2Ffeed.json", "current.jsonl", "1-1.bundle.part"):
            assert (await client.get(f"/search/bundles/{name}")).status_code == 404


async def test_an_administrator_looks_compares_follows_pulls_and_removes(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    token = await two.other.person("ada", administrator=True)
    async with two.other.client(token=token, headers={"accept-language": "en"}, origin=OTHER) as client:
        seen = await client.post("/admin/search/peers/look", data={"address": TOWN})
        feed = await two.exchange.peers.look(TOWN)
        print_ = fingerprint_of(feed.key)
        assert print_ in seen.text
        assert "ville.example" in seen.text
        wish = {"address": TOWN, "fingerprint": print_, "hosts": "ville.example"}
        assert await _post(client, "follow", wish) == 303
        assert await _post(client, "follow", wish) == 409
        assert await _post(client, "pull", {"origin": TOWN}) == 303
        page = await client.get("/admin/search/peers")
        assert "2 documents" in page.text
        assert await _post(client, "remove", {"origin": TOWN}) == 303
        assert "Nobody yet." in (await client.get("/admin/search/peers")).text


async def _post(client: httpx.AsyncClient, act: str, data: dict[str, str]) -> int:
    return (await client.post(f"/admin/search/peers/{act}", data=data)).status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/look"), ("POST", "/follow"), ("POST", "/pull"), ("POST", "/remove")],
)
async def test_nobody_but_an_administrator_decides_whom_to_follow(two: Two, method: str, path: str) -> None:
    data = {"address": TOWN, "fingerprint": "0", "origin": TOWN}
    body = {"data": data} if method == "POST" else {}
    async with two.other.client(headers={"accept": "application/json"}, origin=OTHER) as client:
        assert (await client.request(method, f"/admin/search/peers{path}", **body)).status_code == 401
    async with two.other.client(token=await two.other.person("bob"), origin=OTHER) as client:
        assert (await client.request(method, f"/admin/search/peers{path}", **body)).status_code == 403


async def test_the_loop_publishes_and_pulls_by_itself(two: Two) -> None:
    await two.add(two.town, *PAGES)
    await two.export()
    await two.follow()
    two.exchange._every_s = 0.01
    await two.exchange.stop()
    two.exchange.begin()
    for _ in range(100):
        if await two.found("mairie"):
            return
        await asyncio.sleep(0.05)
    pytest.fail("it was not pulled")
