"""Whatever is typed is read as a question, the same one however it is written down again."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfonium.apps.search.errors import QueryTooLong, TooManyOperators
from synfonium.apps.search.service.query_syntax import parse, render
from synfonium.ports.index import IndexQuery

DAY_S = 86_400


def test_words_phrases_and_exclusions_are_told_apart() -> None:
    asked = parse('pain "pain au chocolat" -raisin -"sans gluten" +beurre bien-être')
    assert asked.words == "pain beurre bien-être"
    assert asked.phrases == ("pain au chocolat",)
    assert asked.without == ("raisin", "sans gluten")


def test_every_operator_narrows_the_question() -> None:
    asked = parse("gare site:example.org -site:spam.example lang:fr filetype:PDF kind:news")
    assert asked == IndexQuery(
        words="gare",
        hosts=("example.org",),
        not_hosts=("spam.example",),
        lang="fr",
        file_types=("pdf",),
        kinds=("news",),
    )


def test_operators_have_french_names() -> None:
    asked = parse("loi langue:fr avant:2024 après:2023-12 type:pdf type:vidéo «mot à mot»")
    assert (asked.lang, asked.file_types, asked.kinds) == ("fr", ("pdf",), ("video",))
    assert asked.until_s is not None
    assert asked.since_s is not None
    assert asked.until_s - asked.since_s == 31 * DAY_S
    assert asked.phrases == ("mot à mot",)


@pytest.mark.parametrize(
    ("typed", "day"), [("2024", 19_723), ("2024-05", 19_844), ("2024-05-03", 19_846), ("1969", -365)]
)
def test_a_date_is_a_year_a_month_or_a_day(typed: str, day: int) -> None:
    assert parse(f"after:{typed}").since_s == day * DAY_S
    assert parse(f"before:{typed}").until_s == day * DAY_S


@pytest.mark.parametrize(
    ("typed", "host"),
    [("https://www.Example.org/a/b", "www.example.org"), (".fr", "fr"), ("*.gouv.fr", "gouv.fr")],
)
def test_a_site_may_be_pasted_as_an_address(typed: str, host: str) -> None:
    assert parse(f"site:{typed}").hosts == (host,)
    assert parse("site:école.fr").hosts == ("xn--cole-9oa.fr",)


@pytest.mark.parametrize(
    "typed", ["after:soon", "before:2024-13", "lang:french", "kind:cat", "site:", "git --amend", "C++: a"]
)
def test_what_no_operator_can_read_is_words(typed: str) -> None:
    assert parse(typed) == IndexQuery(words=typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"never closed', "never closed"),
        ('5" disk', "5 disk"),
        ("-", "-"),
        ('""', ""),
        ("\x00\x1b[2J", "[2J"),
    ],
)
def test_broken_operators_still_leave_the_words(typed: str, words: str) -> None:
    assert parse(typed) == IndexQuery(words=words)


def test_marks_that_turn_the_text_around_are_not_kept() -> None:
    assert parse("\u202eabc\u202c \u2066שלום\u2069 😀").words == "abc שלום 😀"


def test_too_much_is_refused_clearly_and_at_once() -> None:
    with pytest.raises(QueryTooLong):
        parse("a " * 100_000)
    with pytest.raises(TooManyOperators):
        parse("-a" + " -b" * 40)


def test_a_link_can_add_and_take_away_an_operator() -> None:
    asked = parse('"a b" c site:example.org')
    assert render(msgspec.structs.replace(asked, hosts=(), lang="de")) == 'c "a b" lang:de'
    assert (
        render(parse('x before:2024-05 après:0999 -"a b" -c'))
        == 'x -"a b" -c after:0999-01-01 before:2024-05-01'
    )


_PIECES = st.sampled_from(
    [
        '"',
        "-",
        "+",
        ":",
        " ",
        "«",
        "site:",
        "lang:fr",
        "before:2024",
        "after:",
        "type:",
        "a",
        "é",
        "😀",
        "\u202e",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=24).map("".join)))
def test_a_question_written_down_again_is_the_same_question(typed: str) -> None:
    asked = parse(typed)
    assert parse(render(asked)) == asked
