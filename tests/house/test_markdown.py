"""Markdown of strangers as HTML."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.libraries.markdown import to_html

TAGS = {
    *("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "rel", "title", "class", "start"}
HOSTILE = (
    "<script>alert(1)</script>",
    "![<img src=x onerror=alert(1)>](x)",
    "![a](https://tracker.example/pixel.gif)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1) 'x')",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x) <javascript:alert(1)>",
    "[a](//elsewhere.example)",
    "[a](/settings/security)",
    '<a href="https://a.example" onclick="x()">a</a>',
    "[a]: javascript:alert(1)\n\n[a]",
    '```" onload=alert(1) x="\ncode\n```',
    '[a](https://a.example "" onmouseover=alert(1) x="")',
    "&#60;script&#62;alert(1)&#60;/script&#62;",
)


class Reader(HTMLParser):
    """Which tags and attributes there are, and where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.attributes, self.hrefs = set[str](), set[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(to_html(text))
    return reader


def check(text: str) -> None:
    found = read(text)
    assert found.tags <= TAGS
    assert found.attributes <= ATTRIBUTES
    assert all(href.lower().startswith(("http://", "https://", "mailto:")) for href in found.hrefs)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_stranger_wrote_does_nothing(text: str) -> None:
    check(text)


PIECES = ("[", "](", ")", "![", "*", "`", "<", ">", "\n", "|", "-", "# ", "a")


@given(st.lists(st.sampled_from((*HOSTILE, *PIECES))))
def test_nor_does_any_mixture_of_it(parts: list[str]) -> None:
    check("".join(parts))


def test_it_is_shown_as_it_was_meant() -> None:
    html = to_html("# Title\n\n*a* **b** ~~c~~\n\n- [x](https://a.example)\n\n|h|\n|-|\n|1|\n")
    assert "<h2>Title</h2>" in html
    assert "<em>a</em> <strong>b</strong> <s>c</s>" in html
    assert '<a href="https://a.example" rel="noopener noreferrer nofollow">x</a>' in html
    assert "<td>1</td>" in html
    # The page's rules let no style stand in an element.
    assert '<th class="n">h</th>' in to_html("|h|\n|-:|\n|1|\n")


def test_what_leads_nowhere_from_here_is_text() -> None:
    assert to_html("[notes](other.md)") == "<p>notes</p>\n"
    assert to_html("![the *sea* & <b>](sea.jpg)") == "<p>the sea &amp; &lt;b&gt;</p>\n"


@pytest.mark.parametrize("part", ["[", "![", "*", "`", "<", "> ", "- ", "[x][", "![[]()", "**a ", "|a"])
def test_the_worst_of_texts_takes_a_bounded_time(part: str) -> None:
    started_s = time.process_time()
    to_html((part * 32_768)[:32_768])
    assert time.process_time() - started_s < 5
