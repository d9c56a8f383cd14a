"""What a page says is read from any bytes, and a page cannot hang the reader."""

import time
from collections.abc import AsyncIterator

import pytest

from synfonium.apps.search.children.extract import extract
from synfonium.apps.search.model import ParseJob
from synfonium.apps.search.service.parsing import Parser, Unparsable

FRENCH = (
    "Les horaires de la déchèterie changent en hiver : elle ouvre de neuf heures à midi, sauf le lundi. " * 4
)
PAGE = f"""<!doctype html><html lang="en"><head><title> Déchèterie
 de Val-Joli </title><base href="/vivre/"><link rel="canonical" href="https://val-joli.example/dechets"></head>
<body><nav><a href="accueil">Accueil</a></nav><script>var secret = 1;</script><main><h1>Horaires</h1>
<p>{FRENCH}</p>
<a href="plan.html#acces">Plan</a> <a href="pub" rel="nofollow sponsored">Publicité</a>
<a href="javascript:x()">x</a>
<a href="https://autre.example/">Autre</a> <a href="plan.html">Plan</a></main></body></html>"""


def test_a_page_gives_its_title_text_language_and_links() -> None:
    found = extract("https://val-joli.example/x", PAGE.encode())
    assert found.title == "Déchèterie de Val-Joli"
    assert "horaires de la déchèterie" in found.text
    assert "secret" not in found.text
    assert found.lang == "fr", "the text is French whatever the page declares"
    assert found.canonical == "https://val-joli.example/dechets"
    assert tuple(link.url for link in found.links) == (
        "https://val-joli.example/vivre/accueil",
        "https://val-joli.example/vivre/plan.html",
        "https://autre.example/",
    )
    assert not found.is_hidden


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Été</title>".encode("latin-1"), "iso-8859-1"),
        ('<meta charset="windows-1252"><title>Été</title>'.encode("cp1252"), ""),
        (b"\xef\xbb\xbf" + "<title>Été</title>".encode(), "iso-8859-1"),
        (b"\xff\xfe" + "<title>Été</title>".encode("utf-16-le"), ""),
        ("<title>Été</title>".encode(), "no-such-charset"),
    ],
)
def test_a_page_is_read_in_its_own_encoding(body: bytes, charset: str) -> None:
    assert extract("http://a.example/", body, charset=charset).title == "Été"


@pytest.mark.parametrize("name", ["robots", "SynfoniumBot"])
def test_a_page_may_ask_to_be_left_out(name: str) -> None:
    found = extract(
        "http://a.example/", f'<meta name="{name}" content="NoIndex, nofollow"><a href="/b">b</a>'.encode()
    )
    assert found.is_hidden
    assert found.links == ()


def test_plain_text_is_a_page_too() -> None:
    found = extract("http://a.example/", ("\n  Avis \n" + FRENCH).encode(), media_type="text/plain")
    assert (found.title, found.lang) == ("Avis", "fr")


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    parser = Parser(longest_s=2.0)
    yield parser
    await parser.close()


async def test_a_page_built_to_hang_the_parser_is_given_up_and_the_next_is_read(parser: Parser) -> None:
    begun_s = time.monotonic()
    with pytest.raises(Unparsable):
        await parser.parse(ParseJob(url="http://a.example/", body=b"<div>" * 200_000))
    assert time.monotonic() - begun_s < 20
    assert (await parser.parse(ParseJob(url="http://a.example/", body=PAGE.encode()))).lang == "fr"


@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 1000, b"\xff" * 1000, b"<" * 10_000, b"<!--" * 1000, b"\x1f\x8b\x08"]
)
async def test_any_bytes_are_accepted(parser: Parser, body: bytes) -> None:
    await parser.parse(ParseJob(url="http://a.example/", body=body))
