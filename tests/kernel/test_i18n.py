"""Languages are chosen by the account, then by the browser."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from synfonium.kernel.i18n import LOCALES, Catalogue, choose_locale


def test_the_accounts_language_wins_over_the_browsers() -> None:
    assert choose_locale("fr", accept_language="en") == "fr"


def test_quality_values_are_obeyed() -> None:
    assert choose_locale("", accept_language="de, en;q=0.3, fr;q=0.8") == "fr"
    assert choose_locale("", accept_language="fr;q=0, en") == "en"


@given(st.text(max_size=600))
def test_any_header_gives_a_language_of_ours(header: str) -> None:
    assert choose_locale(accept_language=header) in LOCALES


def test_an_app_adds_its_words_to_the_others(tmp_path: Path) -> None:
    for app, source, words in (("a", "Name", "Nom"), ("b", "File", "Fichier")):
        (tmp_path / app).mkdir()
        (tmp_path / app / "fr.po").write_text(
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            f'msgid "{source}"\nmsgstr "{words}"\n'
        )
    catalogue = Catalogue("fr", [tmp_path / "a", tmp_path / "b"])
    assert (catalogue.gettext("Name"), catalogue.gettext("File")) == ("Nom", "Fichier")
    assert catalogue.gettext("Unknown") == "Unknown"
