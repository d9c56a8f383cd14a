"""Many documents at once are taken into the embedded index whole, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synfonium.engines.index import building, tantivy
from synfonium.engines.index.schema import VERSION
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import IndexDocument, IndexQuery


def some(first: int, count: int, word: str = "apple") -> Iterator[IndexDocument]:
    for number in range(first, first + count):
        yield IndexDocument(key=f"k{number}", title=f"{word} {number}", text=f"{word} pie", lang="en")


def total(index: TantivyIndex, word: str) -> int:
    return index.search(IndexQuery(words=word)).total


@pytest.fixture(autouse=True)
def many_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tantivy, "_MANY", 10)


@pytest.fixture
def index(tmp_path: Path) -> TantivyIndex:
    index = TantivyIndex(tmp_path, writable=True)
    index.add(list(some(0, 20)))
    index.commit()
    return index


def test_an_operator_who_imports_many_pages_finds_them_and_each_once(index: TantivyIndex) -> None:
    reader = TantivyIndex(index._folder.parent)
    assert reader.count() == 20
    assert index.build([*some(10, 500, "pear"), *some(15, 1, "plum")]) == 501
    assert (reader.count(), total(reader, "apple"), total(reader, "pear"), total(reader, "plum")) == (
        510, 10, 499, 1,
    )  # fmt: skip
    assert [path.name for path in index._folder.iterdir() if path.is_dir()] == []


def test_pages_added_after_an_import_replace_and_delete_what_it_brought(index: TantivyIndex) -> None:
    index.build(some(100, 50, "pear"))
    index.add(list(some(100, 10, "plum")))
    index.delete(["k120"])
    index.commit()
    assert (total(index, "pear"), total(index, "plum"), index.count()) == (39, 10, 69)
    index.scour()
    index.close()
    assert TantivyIndex(index._folder.parent).count() == 69


def test_an_import_of_few_pages_starts_no_process(
    index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building.subprocess, "Popen", None)
    assert index.build(some(100, 9)) == 9
    assert index.count() == 29


def test_an_import_that_was_killed_before_its_segments_were_taken_is_finished_at_the_next_start(
    index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(place: Path, folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tantivy, "take_segments", killed)
        with pytest.raises(KeyboardInterrupt):
            index.build(some(10, 50, "pear"))
    index.close()
    again = TantivyIndex(index._folder.parent, writable=True)
    assert (again.count(), total(again, "apple"), total(again, "pear")) == (60, 10, 50)


def test_an_import_that_was_killed_after_its_segments_were_taken_keeps_them(
    index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tantivy, "rmtree", lambda *_, **__: None)
        index.build(some(10, 50, "pear"))
    assert (index._folder / "building" / "ready").exists()
    index.close()
    again = TantivyIndex(index._folder.parent, writable=True)
    assert (again.count(), total(again, "pear")) == (60, 50)
    assert not (again._folder / "building").exists()


def test_an_import_that_fails_halfway_leaves_the_index_as_it_was(index: TantivyIndex) -> None:
    def broken() -> Iterator[IndexDocument]:
        yield from some(100, 400)
        raise ValueError("the file ends here")

    with pytest.raises(ValueError, match="ends here"):
        index.build(broken())
    assert index.count() == 20
    index.close()
    again = TantivyIndex(index._folder.parent, writable=True)
    assert again.count() == 20
    assert [path.name for path in index._folder.parent.iterdir()] == [f"tantivy-{VERSION}"]
