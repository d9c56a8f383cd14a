"""What links say of a page reaches its place in the index."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import Extract, Link
from synfonium.apps.search.service.graph import Graph, ReadPage, documents_for, forget, remember, standings
from synfonium.testing.client import Installation, installation

T = TypeVar("T")
TARGET = "https://mairie.example/"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


def page(url: str, *links: tuple[str, str], title: str = "Page") -> ReadPage:
    leads = tuple(Link(url=target, anchor=anchor) for target, anchor in links)
    return ReadPage(url=url, extract=Extract(title=title, text="texte", lang="fr", links=leads), read_s=1.0)


async def write(house: Installation, work: Callable[[Connection], T]) -> T:
    return await house.context("search").database.write(work)


async def no_progress(text: str, done: float = 0, total: float = 0) -> None:
    pass


async def test_anchors_of_other_hosts_come_before_those_of_its_own(house: Installation) -> None:
    pages = [
        page("https://mairie.example/a", (TARGET, "accueil")),
        page("https://mairie.example/b", (TARGET, "accueil")),
        page("https://presse.example/", (TARGET, "la mairie de Val-Joli")),
        page("https://blog.example/", (TARGET, "la mairie de Val-Joli"), (TARGET + "x", "")),
    ]
    await write(house, lambda c: remember(c, pages))
    found = await write(house, lambda c: standings(c, [TARGET]))
    assert found[TARGET].anchors == ("la mairie de Val-Joli", "la mairie de Val-Joli", "accueil")


async def test_links_into_a_page_are_bounded_and_new_hosts_still_get_in(house: Installation) -> None:
    own = [page(f"https://a.example/{n}", (TARGET, f"a{n}")) for n in range(50)]
    await write(house, lambda c: remember(c, own))
    others = [page(f"https://h{n}.example/", (TARGET, f"h{n}")) for n in range(50)]
    await write(house, lambda c: remember(c, others))
    anchors = (await write(house, lambda c: standings(c, [TARGET])))[TARGET].anchors
    assert len(anchors) == store.MOST_INTO
    assert sum(anchor.startswith("a") for anchor in anchors) == 1


async def test_what_a_page_no_longer_says_is_forgotten(house: Installation) -> None:
    await write(house, lambda c: remember(c, [page("https://b.example/", (TARGET, "ancien"))]))
    await write(house, lambda c: remember(c, [page("https://b.example/", (TARGET, "nouveau"))]))
    assert (await write(house, lambda c: standings(c, [TARGET])))[TARGET].anchors == ("nouveau",)
    await write(house, lambda c: forget(c, ["https://b.example/"]))
    assert (await write(house, lambda c: standings(c, [TARGET])))[TARGET].anchors == ()


async def test_a_page_is_found_by_the_words_of_links_to_it_once_the_graph_is_refreshed(
    house: Installation,
) -> None:
    context = house.context("search")
    index = context.service.crawls.graph.index
    first = [page(TARGET, title="Val-Joli"), page("https://c.example/", (TARGET, "hôtel de ville"))]
    documents = await context.database.read(lambda c: documents_for(c, first))
    await write(house, lambda c: remember(c, first))
    index.add(documents)
    index.commit()
    graph = Graph(context.database, index)
    report = await graph.refresh(no_progress)
    assert (report.hosts, report.host_links, report.reindexed) == (2, 1, 1)
    [known] = await context.database.read(lambda c: documents_for(c, first[:1]))
    assert known.anchors == "hôtel de ville"
    assert known.signals.host_rank > 0
    assert (await graph.refresh(no_progress)).reindexed == 0


async def test_a_kept_page_comes_back_as_it_was(house: Installation) -> None:
    said = Extract(title="Été", text="texte " * 5000, lang="fr", simhash=2**64 - 1, alternates={"en": TARGET})
    await write(
        house, lambda c: remember(c, [ReadPage(url=TARGET, extract=said, read_s=3.0, file_type="pdf")])
    )
    [row] = await write(house, lambda c: store.read_extracts(c, [TARGET]))
    assert row.extract == said
    assert (row.file_type, row.read_s) == ("pdf", 3.0)
