"""What every engine of `ports.index` must show. An engine's test subclasses IndexSuite, and
AskingSuite of `testing.asking_suite`."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from synfonium.ports.index import Fence, IndexAnswer, IndexDocument, IndexQuery, SearchIndex

PAGES = (
    IndexDocument(
        key="https://ecole.example/cours",
        title="Cours d’équitation",
        text="L’élève étudie les chevaux de l’économie française. Être ou ne pas être.",
        lang="fr",
        host="ecole.example",
        time_s=12.5,
    ),
    IndexDocument(
        key="https://farm.example/horses",
        title="Keeping horses",
        text="A farm <script>alert('x')</script> where horses are kept & fed.",
        lang="en",
        host="farm.example",
    ),
    IndexDocument(
        key="https://hof.example/pferde",
        title="Der Hof",
        text="Die Bäuerinnen füttern Pferde in den Häusern.",
        lang="de",
        host="hof.example",
    ),
    IndexDocument(
        key="https://granja.example/",
        title="La granja",
        text="Los caballos españoles corrían por las montañas.",
        lang="es",
        host="granja.example",
    ),
    IndexDocument(
        key="https://fattoria.example/",
        title="La fattoria",
        text="Nell’azienda i cavalli mangiano dell’erba.",
        lang="it",
        host="fattoria.example",
    ),
    IndexDocument(
        key="https://boerderij.example/",
        title="De boerderij",
        text="Paarden eten hooi.",
        lang="nl",
        host="boerderij.example",
    ),
)

_WRITE_FOREVER = """
import sys
from importlib import import_module
from pathlib import Path
from synfonium.ports.index import IndexDocument
module, _, name = sys.argv[1].partition(":")
index = getattr(import_module(module), name)(Path(sys.argv[2]), writable=True)
for number in range(1_000_000):
    index.add([IndexDocument(key=f"k{number}-{i}", title="page", text="unison " * 50) for i in range(20)])
    index.commit()
    print(number, flush=True)
"""


def words(typed: str, lang: str = "") -> IndexQuery:
    return IndexQuery(words=typed, lang=lang)


def keys(answer: IndexAnswer) -> list[str]:
    return [hit.key for hit in answer.hits]


class IndexSuite(ABC):
    """`engine` names the class as `module:Class`; it is called with (folder, writable=…)."""

    engine: str

    @abstractmethod
    def make(self, folder: Path, *, writable: bool) -> SearchIndex: ...

    @pytest.fixture
    def index(self, tmp_path: Path) -> SearchIndex:
        index = self.make(tmp_path, writable=True)
        index.add(PAGES)
        index.commit()
        return index

    @pytest.mark.parametrize(
        ("typed", "host"),
        [
            ("élève", "ecole.example"),
            ("eleves", "ecole.example"),
            ("l'économie", "ecole.example"),
            ("economies françaises", "ecole.example"),
            ("ECOLE", "ecole.example"),
            ("équitations", "ecole.example"),
            ("horse", "farm.example"),
            ("pferd haus", "hof.example"),
            ("bäuerin", "hof.example"),
            ("caballo montaña", "granja.example"),
            ("l'azienda", "fattoria.example"),
            ("cavallo", "fattoria.example"),
            ("paarden", "boerderij.example"),
        ],
    )
    def test_a_reader_finds_a_page_by_any_form_of_its_words(
        self, index: SearchIndex, typed: str, host: str
    ) -> None:
        answer = index.search(words(typed))
        assert [hit.host for hit in answer.hits] == [host]
        assert answer.total == 1

    def test_a_hit_gives_back_what_was_indexed(self, index: SearchIndex) -> None:
        (hit,) = index.search(words("élève")).hits
        assert (hit.key, hit.title, hit.lang) == ("https://ecole.example/cours", "Cours d’équitation", "fr")
        assert hit.time_s == 12.5
        assert hit.score > 0

    def test_a_snippet_is_escaped_and_marks_the_words_found(self, index: SearchIndex) -> None:
        (hit,) = index.search(words("farms")).hits
        assert "<b>farm</b>" in hit.snippet
        assert "&lt;script&gt;" in hit.snippet
        assert "<script" not in hit.snippet
        assert "&amp;" in hit.snippet

    def test_a_page_found_by_its_address_has_an_escaped_snippet_too(self, index: SearchIndex) -> None:
        (hit,) = index.search(words("farm.example")).hits[:1]
        assert "<script" not in hit.snippet
        assert "kept" in hit.snippet

    def test_only_stop_words_find_a_title(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add([IndexDocument(key="w", title="The Who", text="A band of four.", lang="en")])
        index.commit()
        assert keys(index.search(words("the who"))) == ["w"]

    def test_documents_with_all_words_come_before_those_with_some(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [
                IndexDocument(key="one", title="apple apple apple", text="apple " * 50, lang="en"),
                IndexDocument(key="both", title="fruit", text="apple and pear " + "filler " * 400, lang="en"),
                IndexDocument(key="none", title="stone", text="granite", lang="en"),
            ]
        )
        index.commit()
        assert keys(index.search(words("apple pear"))) == ["both", "one"]

    def test_some_words_are_not_asked_when_a_whole_page_has_all(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add([IndexDocument(key=f"b{i}", title="", text="apple pear", lang="en") for i in range(10)])
        index.add([IndexDocument(key="some", title="", text="apple", lang="en")])
        index.commit()
        assert index.search(words("apple pear")).total == 10

    def test_pages_of_one_query_neither_repeat_nor_skip(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add([IndexDocument(key=f"k{i:02}", title="", text="apple " * (i + 1)) for i in range(35)])
        index.commit()
        seen = [
            key for offset in range(0, 40, 10) for key in keys(index.search(words("apple"), offset=offset))
        ]
        assert len(seen) == 35
        assert len(set(seen)) == 35

    def test_a_search_in_one_language_leaves_out_the_others(self, index: SearchIndex) -> None:
        index.add([IndexDocument(key="fr", title="", text="horses", lang="fr")])
        index.commit()
        assert keys(index.search(words("horses", lang="fr"))) == ["fr"]
        assert keys(index.search(words("horses", lang="en"))) == ["https://farm.example/horses"]
        assert keys(index.search(words("paarden", lang="nl"))) == ["https://boerderij.example/"]
        assert index.search(words("paarden", lang="pt")).total == 0

    def test_a_preferred_language_comes_first(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add([IndexDocument(key=lang, title="", text="radio", lang=lang) for lang in ("fr", "en")])
        index.commit()
        for lang in ("fr", "en"):
            assert keys(index.search(words("radio"), boosts={lang: 2.0}))[0] == lang

    def test_a_space_is_seen_by_those_alone_who_may_search_it(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [
                IndexDocument(key="public", title="secret garden", text="", lang="en"),
                IndexDocument(key="a", space="a", title="secret aardvark", text="secretariat", lang="en"),
                IndexDocument(key="b", space="b", title="secret", text="secret b", lang="fr"),
            ]
        )
        index.commit()
        assert keys(index.search(words("secret"))) == ["public"]
        assert keys(index.search(words("secret"), spaces=("a",))) == ["a"]
        assert set(keys(index.search(words("secret"), spaces=("a", "b")))) == {"a", "b"}
        assert index.search(words("secret"), spaces=()).total == 0
        assert index.search(words("secret nothing"), spaces=("c",)).total == 0
        assert index.vocabulary("secretar") == ()
        assert index.vocabulary("aard") == ()
        assert index.vocabulary("secr") == (("secret", 1),)

    def test_a_fence_keeps_only_what_bears_a_mark_of_each_group(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [
                IndexDocument(key="1", space="a", title="plum", text="", marks=("in:x", "in:r", "is:file")),
                IndexDocument(key="2", space="a", title="plum", text="", marks=("in:y", "is:folder")),
                IndexDocument(key="3", space="b", title="plum", text="", marks=("in:x", "is:file")),
                IndexDocument(key="4", space="b", title="plum", text=""),
            ]
        )
        index.commit()

        def found(*spaces: str | Fence) -> set[str]:
            return set(keys(index.search(words("plum"), spaces=spaces)))

        assert found(Fence(space="a", marks=(("in:x",),))) == {"1"}
        assert found(Fence(space="a", marks=(("in:x", "in:y"),))) == {"1", "2"}
        assert found(Fence(space="a", marks=(("in:x", "in:y"), ("is:folder",)))) == {"2"}
        assert found(Fence(space="a", marks=(("in:x",), ("is:folder",)))) == set()
        assert found("a", Fence(space="b", marks=(("in:x",),))) == {"1", "2", "3"}
        assert found(Fence(space="a"), Fence(space="b", marks=(("in:r",),))) == {"1", "2"}
        assert found(Fence(space="a", marks=((),))) == set()
        assert found(Fence(space="", marks=(("in:x",),))) == set()

    def test_a_mark_is_neither_found_by_typing_nor_left_after_its_document(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        marks = ("in:quince", "\ud800\x00\x1fin:quince", "l" * 1000)
        index.add([IndexDocument(key="1", space="a", title="plum", text="", marks=marks)])
        index.commit()
        assert index.search(words("quince"), spaces=("a",)).total == 0
        assert index.search(words("plum"), spaces=(Fence(space="a", marks=((marks[1],),)),)).total == 1
        index.add([IndexDocument(key="1", space="a", title="plum", text="")])
        index.commit()
        assert index.search(words("plum"), spaces=(Fence(space="a", marks=(("in:quince",),)),)).total == 0
        index.delete_space("a")
        index.commit()
        assert index.count() == 0

    def test_words_are_suggested_from_documents_the_most_frequent_first(self, index: SearchIndex) -> None:
        index.add([IndexDocument(key="h", title="horses", text="horseshoe", lang="en")])
        index.commit()
        for _ in range(50):
            index.search(words("horsepower"))
        assert index.vocabulary("HORS") == (("horses", 2), ("horseshoe", 1))
        assert index.vocabulary("hors", limit=1) == (("horses", 2),)
        assert index.vocabulary("") == ()
        assert index.vocabulary("two words") == ()

    def test_nothing_is_visible_before_the_commit(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(PAGES)
        assert index.count() == 0
        index.commit()
        assert index.count() == len(PAGES)

    def test_adding_a_key_again_replaces_it(self, index: SearchIndex) -> None:
        index.add([IndexDocument(key="https://farm.example/horses", title="Goats", text="goats", lang="en")])
        index.commit()
        assert index.search(words("horses kept")).total == 0
        assert keys(index.search(words("goat"))) == ["https://farm.example/horses"]
        assert index.count() == len(PAGES)

    def test_the_last_of_two_with_one_key_wins_in_one_commit(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [IndexDocument(key="k", title="", text="first"), IndexDocument(key="k", title="", text="second")]
        )
        index.commit()
        assert index.search(words("first")).total == 0
        assert index.search(words("second")).total == 1

    def test_what_is_deleted_is_neither_found_nor_suggested(self, index: SearchIndex) -> None:
        index.delete(["https://farm.example/horses", "unknown"])
        index.commit()
        assert index.search(words("horses")).total == 0
        assert index.vocabulary("hors") == ()
        assert index.count() == len(PAGES) - 1

    def test_a_reader_opened_before_the_first_commit_sees_it_within_a_second(self, tmp_path: Path) -> None:
        reader = self.make(tmp_path, writable=False)
        assert reader.count() == 0
        assert reader.search(words("horses")).total == 0
        assert reader.vocabulary("h") == ()
        writer = self.make(tmp_path, writable=True)
        for number in range(1, 4):
            writer.add([IndexDocument(key=str(number), title="", text="horses", lang="en")])
            writer.commit()
            deadline = time.monotonic() + 1
            while reader.search(words("horses")).total != number:
                assert time.monotonic() < deadline, "the reader did not see the commit within a second"
                time.sleep(0.02)

    def test_a_reader_cannot_write(self, tmp_path: Path) -> None:
        reader = self.make(tmp_path, writable=False)
        with pytest.raises(RuntimeError):
            reader.add(PAGES)

    def test_what_was_committed_is_there_after_opening_again(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(PAGES)
        index.commit()
        index.close()
        index.close()
        again = self.make(tmp_path, writable=True)
        assert again.count() == len(PAGES)
        assert again.search(words("chevaux")).total == 1

    @pytest.mark.parametrize(
        "typed",
        [
            "", " ", "-x", '"', '"unbalanced horses', "(((((", "a AND", "OR OR OR", "title:", "*", "?" * 50,
            "/.*/", "horses^1000", "[a TO b]", "\x00horses\x1b", "\ud800horses", "‮horses", "🐎 horses",
            "é" * 100_000, " ".join(str(n) for n in range(100_000)), "-" * 100_000, "\\", "key:https://farm",
            "space:a", "'; drop table", "l'", "qu'", "İ", "ﬁ",
        ],
    )  # fmt: skip
    def test_anything_typed_gets_an_answer_in_time(self, index: SearchIndex, typed: str) -> None:
        started = time.monotonic()
        answer = index.search(words(typed))
        index.vocabulary(typed)
        assert time.monotonic() - started < 2
        assert answer.total >= len(answer.hits)
        if "horses" in typed:
            assert "https://farm.example/horses" in keys(answer)

    def test_a_document_with_broken_text_is_indexed(self, index: SearchIndex) -> None:
        index.add(
            [IndexDocument(key="odd", title="\ud800a\x00b", text="zebra " + "x" * 100_000, lang="\ud801")]
        )
        index.commit()
        assert keys(index.search(words("zebra"))) == ["odd"]

    def test_a_writer_killed_at_any_moment_leaves_its_last_commit(self, tmp_path: Path) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", _WRITE_FOREVER, self.engine, str(tmp_path)],
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        assert child.stdout is not None
        last = [int(child.stdout.readline()) for _ in range(5)][-1]
        child.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in child.stdout.read().split())])
        child.wait()
        assert self.make(tmp_path, writable=False).search(words("unison")).total >= (last + 1) * 20
        writer = self.make(tmp_path, writable=True)
        writer.add([IndexDocument(key="after", title="", text="aftermath")])
        writer.commit()
        assert writer.search(words("aftermath")).total == 1
        assert writer.search(words("unison")).total >= (last + 1) * 20
