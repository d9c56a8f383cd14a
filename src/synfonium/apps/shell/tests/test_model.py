"""What the shell makes of words."""

from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.shell.model import LONGEST_QUERY, bolded, clean_query, marked


def test_a_question_is_one_line_without_control_characters() -> None:
    assert clean_query("  déchèterie\n\x00 horaires\u202e ") == "déchèterie horaires"


@given(st.text())
def test_any_question_becomes_short_and_printable(text: str) -> None:
    cleaned = clean_query(text)
    assert len(cleaned) <= LONGEST_QUERY
    assert cleaned == " ".join(cleaned.split())
    assert "\x00" not in cleaned


def test_words_of_the_question_are_marked_without_case_and_accents() -> None:
    pieces = marked("La Déchèterie ouvre.", "dechetERIE")
    assert [piece for piece, is_hit in pieces if is_hit] == ["Déchèterie"]


@given(st.text(max_size=80), st.text(max_size=20))
def test_marking_loses_no_letter(text: str, query: str) -> None:
    assert "".join(piece for piece, _is_hit in marked(text, query)) == text


def test_a_snippet_of_another_app_becomes_plain_pieces() -> None:
    snippet = "La &lt;i&gt; <b>kermesse</b> &amp; la fête"
    assert bolded(snippet) == [("La <i> ", False), ("kermesse", True), (" & la fête", False)]
