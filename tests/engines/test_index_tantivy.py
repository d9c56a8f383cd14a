"""The embedded index keeps the obligations of its port, and the suite catches one that does not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from synfonium.engines.index.schema import VERSION
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import Fence, IndexAnswer, IndexQuery, Reranker, SearchIndex
from synfonium.testing.asking_suite import AskingSuite
from synfonium.testing.index_suite import IndexSuite


class TestTantivyIndex(IndexSuite, AskingSuite):
    engine = "synfonium.engines.index.tantivy:TantivyIndex"

    def make(self, folder: Path, *, writable: bool) -> SearchIndex:
        return TantivyIndex(folder, writable=writable)


def test_an_index_of_another_version_leaves_the_disk(tmp_path: Path) -> None:
    (tmp_path / "tantivy-0" / "deep").mkdir(parents=True)
    (tmp_path / "tantivy-0" / "deep" / "words").write_text("of somebody")
    TantivyIndex(tmp_path)
    assert (tmp_path / "tantivy-0").exists()
    TantivyIndex(tmp_path, writable=True).close()
    assert [path.name for path in tmp_path.iterdir()] == [f"tantivy-{VERSION}"]


class UnfencedIndex(TantivyIndex):
    """A defect on purpose: answers from every space."""

    def search(
        self,
        asked: IndexQuery,
        *,
        spaces: Sequence[str | Fence] = ("",),
        limit: int = 10,
        offset: int = 0,
        boosts: Mapping[str, float] | None = None,
        reranker: Reranker | None = None,
        most_per_host: int = 0,
    ) -> IndexAnswer:
        every = ("", "a", "b")
        return super().search(asked, spaces=every, limit=limit, offset=offset)


class UnmarkedIndex(TantivyIndex):
    """A defect on purpose: takes a fence for its whole space."""

    def search(
        self,
        asked: IndexQuery,
        *,
        spaces: Sequence[str | Fence] = ("",),
        limit: int = 10,
        offset: int = 0,
        boosts: Mapping[str, float] | None = None,
        reranker: Reranker | None = None,
        most_per_host: int = 0,
    ) -> IndexAnswer:
        whole = [fence.space if isinstance(fence, Fence) else fence for fence in spaces]
        return super().search(asked, spaces=whole, limit=limit, offset=offset)


class ForgetfulIndex(TantivyIndex):
    """A defect on purpose: a commit that only the next one makes visible."""

    commits = 0

    def commit(self) -> None:
        self.commits += 1
        if self.commits % 2 == 0:
            super().commit()


@pytest.mark.parametrize(
    ("defect", "promise"),
    [
        (UnfencedIndex, "test_a_space_is_seen_by_those_alone_who_may_search_it"),
        (UnmarkedIndex, "test_a_fence_keeps_only_what_bears_a_mark_of_each_group"),
        (ForgetfulIndex, "test_nothing_is_visible_before_the_commit"),
        (ForgetfulIndex, "test_a_reader_opened_before_the_first_commit_sees_it_within_a_second"),
    ],
)
def test_the_suite_catches_an_index_that_breaks_a_promise(
    defect: type[TantivyIndex], promise: str, tmp_path: Path
) -> None:
    class Suite(IndexSuite):
        def make(self, folder: Path, *, writable: bool) -> SearchIndex:
            return defect(folder, writable=writable)

    with pytest.raises(AssertionError):
        getattr(Suite(), promise)(tmp_path)
