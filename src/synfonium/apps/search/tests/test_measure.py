"""The measures are those of the field, and the commands ask the product's own query path."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from synfonium.apps.search.service.measure import ndcg, recall, reciprocal_rank

CORPUS = {"d1": "the horse eats hay", "d2": "a horse in the rain", "d3": "wind over the sea", "d4": "granite"}


def test_measures_agree_with_trec_eval() -> None:
    grades = {"a": 3.0, "b": 2.0, "c": 0.0}
    assert ndcg(["a", "b", "c"], grades) == pytest.approx(1.0)
    assert ndcg(["c", "b", "a"], grades) == pytest.approx((2 / 1.58496 + 3 / 2) / (3 + 2 / 1.58496), abs=1e-4)
    assert ndcg(["x"], {}) == 0
    assert recall(["a", "x"], grades, 100) == 0.5
    assert reciprocal_rank(["x", "b"], grades) == 0.5


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    lines = [json.dumps({"id": key, "title": "", "text": text, "lang": "en"}) for key, text in CORPUS.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines))
    queries = [
        {"id": "q1", "text": "horses in rain"},
        {"id": "q2", "text": "granite"},
        {"id": "q3", "text": "?"},
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    (tmp_path / "qrels.tsv").write_text("q1\td2\t2\nq1\td1\t1\nq2\td4\t1\n")
    rows = [
        {"query": "horse", "url": "https://a.example/", "title": "Stone", "extract": "granite", "grade": 0},
        {"query": "horse", "url": "https://b.example/", "title": "Horse", "extract": "a horse", "grade": 3},
    ]
    (tmp_path / "candidates.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return tmp_path


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synfonium.main", "search", *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_commands_print_one_json_object(judged: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "home", "evaluate", str(judged))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"ndcg@10", "recall@100", "rr@10", "queries", "p50_ms", "p99_ms"}
    assert (result["ndcg@10"], result["recall@100"], result["rr@10"], result["queries"]) == (1.0, 1.0, 1.0, 2)
    assert json.loads(run(tmp_path / "home", "rank", str(judged / "candidates.jsonl")).stdout) == {
        "ndcg@10": 1.0
    }


def test_a_missing_or_broken_set_is_one_clear_line(judged: Path, tmp_path: Path) -> None:
    (judged / "qrels.tsv").write_text("nonsense\n")
    for words in (
        ("evaluate", str(judged)),
        ("evaluate", str(tmp_path / "none")),
        ("rank", str(judged / "qrels.tsv")),
    ):
        done = run(tmp_path / "home", *words)
        assert done.returncode == 1
        assert done.stderr.startswith("synfonium: ")
        assert len(done.stderr.splitlines()) == 1
    assert run(tmp_path / "home", "crawl", "x", "--max-pages", "0").returncode == 2


def test_extract_prints_one_json_line_a_file(tmp_path: Path) -> None:
    canonical = b'<link rel="canonical" href="https://a.example/x">'
    page = b'<html lang="fr"><title>Titre</title>' + canonical + b"<p>Bonjour tout le monde"
    (tmp_path / "a.html").write_bytes(page)
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(page))
    done = run(tmp_path / "home", "extract", str(tmp_path / "a.html"), str(tmp_path / "b.html.gz"))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.pop("file") for line in lines] == [str(tmp_path / "a.html"), str(tmp_path / "b.html.gz")]
    for line in lines:
        assert line["url"] == "https://a.example/x"
        assert (line["title"], line["lang"]) == ("Titre", "fr")
        assert "Bonjour" in line["text"]
