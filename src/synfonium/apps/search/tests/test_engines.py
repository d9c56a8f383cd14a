"""Each engine of others, on answers in its documented form (see recorded_answers)."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.service.federation.discovery import choose, known_engines
from synfonium.apps.search.service.federation.engine import Asking, Given, hit
from synfonium.apps.search.tests.recorded_answers import ANSWERS

FOUND = {
    "wikipedia": [
        ("https://fr.wikipedia.org/wiki/Mairie", "Mairie", "La mairie est le lieu…"),
        ("https://fr.wikipedia.org/wiki/H%C3%B4tel_de_ville", "Hôtel de ville", "Un hôtel de ville est…"),
    ],
    "searxng": [
        ("https://ville.example/mairie", "La mairie & ses horaires", "Ouverte de 9 h à 17 h."),
        ("https://autre.example/", "Autre", ""),
    ],
    "mwmbl": [("https://ville.example/", "La mairie", "Bienvenue à la mairie")],
    "marginalia": [("https://vieux.example/mairie.html", "Ma mairie", "Une page.")],
    "staan": [("https://ville.example/", "Mairie", "Le site de la mairie.")],
    "nominatim": [
        (
            "https://www.openstreetmap.org/way/42",
            "Mairie",
            "Mairie, Place de l’Église, Val-Joli, France",
        )
    ],
}


def asking(name: str, query: str = "mairie", page: int = 1) -> Asking:
    vertical = known_engines()[name].about.verticals[0]
    return Asking(query=query, lang="fr", page=page, vertical=vertical)


def test_every_file_of_the_shelf_is_an_engine_with_a_recorded_answer() -> None:
    assert set(known_engines()) == set(FOUND) == set(ANSWERS)
    for name, engine in known_engines().items():
        about = engine.about
        assert about.name == name
        assert about.sent
        assert about.credit
        assert all(link.startswith("https://") for link in (about.home_page, about.terms))
        assert about.base_url.startswith("https://") or not about.base_url


@pytest.mark.parametrize("name", FOUND)
def test_an_answer_in_the_documented_form_becomes_hits(name: str) -> None:
    hits = known_engines()[name].parse(ANSWERS[name].encode(), asking(name))
    assert [(one.url, one.title, one.snippet) for one in hits] == FOUND[name]


@pytest.mark.parametrize("name", FOUND)
def test_an_engine_is_given_the_words_and_the_language_and_nothing_else(name: str) -> None:
    engine = known_engines()[name]
    words = 'mairie & "val joli" #é\n'
    wish = engine.request(asking(name, words), Given(base_url="https://engine.example", key="secret"))
    parts = urlsplit(wish.url)
    assert parts.scheme == "https"
    assert parts.netloc == "engine.example"
    assert not parts.fragment
    sent = json.loads(wish.body) if wish.body else {k: v[0] for k, v in parse_qs(parts.query).items()}
    assert words in sent.values()
    assert not set(sent) & {"ip", "user", "session", "client", "ua"}
    assert {header.lower() for header in wish.headers} <= {"api-key", "authorization", "content-type"}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>captcha</html>",
        b"{" * 5000,
        b"[" * 100_000,
        b'{"results": {"a": 1}}',
        b'{"web": {"results": 7}, "query": {"pages": 7}, "results": 7}',
        b"\xff\xfe\x00",
        b'{"error": {"code": "ratelimited"}, "results": null, "web": null}',
        b'"text"',
    ],
)
def test_what_is_no_answer_is_said_to_be_none(name: str, body: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        known_engines()[name].parse(body, asking(name))


@pytest.mark.parametrize("name", FOUND)
def test_one_bad_result_spoils_no_other_and_endless_ones_end(name: str) -> None:
    answer = json.loads(ANSWERS[name])
    results = _results(name, answer)
    good = results[0]
    results[:0] = [{"url": 7}, None, {**good, "title": ["x", {"value": 1}], "display_name": 1}]
    assert len(known_engines()[name].parse(json.dumps(answer).encode(), asking(name))) == len(FOUND[name])
    results[:] = [good] * 5000
    assert len(known_engines()[name].parse(json.dumps(answer).encode(), asking(name))) <= 20


def _results(name: str, answer: object) -> list[object]:
    path = {"wikipedia": ("query", "pages"), "staan": ("web", "results")}.get(name, ("results",))
    for key in () if isinstance(answer, list) else path:
        answer = answer[key]  # type: ignore[index]
    assert isinstance(answer, list)
    return answer


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://ville.example/",
        "//ville.example/",
        "https://user:pw@ville.example/",
        "",
        "https://",
    ],
)
def test_an_address_that_is_none_of_the_webs_is_no_hit(url: str) -> None:
    assert hit(url, "Mairie") == []


def test_titles_become_one_line_of_text() -> None:
    [one] = hit(
        "https://ville.example/", "<img src=x onerror=alert(1)>Ma\n\u202emairie &lt;b&gt;", "x" * 9999
    )
    assert one.title == "Ma mairie <b>"
    assert len(one.snippet) == 400


def test_an_operator_switches_engines_on_by_name_address_and_key(tmp_path: object) -> None:
    from pathlib import Path

    key = Path(str(tmp_path)) / "staan.key"
    key.write_text("abc\n")
    config = SearchConfig(
        outside=("wikipedia", "searxng=https://search.example.org/", "staan"),
        outside_key_files=(f"staan={key}",),
    )
    choice = choose(config)
    assert choice.faults == ()
    assert [(one.engine.about.name, one.given.base_url, one.given.key) for one in choice.chosen] == [
        ("wikipedia", "https://{lang}.wikipedia.org", ""),
        ("searxng", "https://search.example.org", ""),
        ("staan", "https://api.staan.ai", "abc"),
    ]
    assert choose(SearchConfig()).chosen == ()


@pytest.mark.parametrize(
    ("outside", "keys", "fault"),
    [
        ("wikipedai", (), ("wikipedai", "unknown")),
        ("searxng", (), ("searxng", "no_address")),
        ("searxng=file:///etc/passwd", (), ("searxng", "bad_address")),
        ("staan", (), ("staan", "no_key")),
        ("staan", ("staan=/nowhere/at/all",), ("staan", "bad_key")),
        ("wikipedia", ("mwmbl=/x",), ("mwmbl", "unknown")),
    ],
)
def test_what_cannot_be_used_is_said_and_keeps_nothing_from_starting(
    outside: str, keys: tuple[str, ...], fault: tuple[str, str]
) -> None:
    assert choose(SearchConfig(outside=(outside,), outside_key_files=keys)).faults == (fault,)
