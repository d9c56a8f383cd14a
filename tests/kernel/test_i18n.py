"""Languages are chosen by the account, then by the browser."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from synfonium.kernel.i18n import LOCALES, Catalogue, Languages, choose_locale


def test_the_accounts_language_wins_over_the_browsers() -> None:
    assert choose_locale("fr", accept_language="en") == "fr"


def test_whoever_wished_for_nothing_gets_the_language_of_the_installation() -> None:
    assert choose_locale("", accept_language="de", otherwise="fr") == "fr"
    assert choose_locale("", accept_language="en", otherwise="fr") == "en"
    assert choose_locale("en", accept_language="", otherwise="fr") == "en"


def test_quality_values_are_obeyed() -> None:
    assert choose_locale("", accept_language="de, en;q=0.3, fr;q=0.8") == "fr"
    assert choose_locale("", accept_language="fr;q=0, en") == "en"


@given(st.text(max_size=600))
def test_any_header_gives_a_language_of_ours(header: str) -> None:
    assert choose_locale(accept_language=header) in LOCALES


def write(folder: Path, **words: str) -> Path:
    folder.mkdir()
    told = "".join(f'\nmsgid "{source}"\nmsgstr "{said}"\n' for source, said in words.items())
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    (folder / "fr.po").write_text(head + told)
    return folder


def test_an_app_adds_its_words_to_the_others(tmp_path: Path) -> None:
    folders = [write(tmp_path / "a", Name="Nom"), write(tmp_path / "b", File="Fichier")]
    catalogue = Catalogue("fr", folders)
    assert (catalogue.gettext("Name"), catalogue.gettext("File")) == ("Nom", "Fichier")
    assert catalogue.gettext("Unknown") == "Unknown"


def test_an_app_says_it_in_its_own_words_and_changes_nobody_elses(tmp_path: Path) -> None:
    languages = Languages(
        {
            "kernel": write(tmp_path / "kernel", Save="Enregistrer"),
            "pc": write(tmp_path / "pc", On="Allumer", Type="Type"),
            "garden": write(tmp_path / "garden", On="Activer", Save="Planter", Type="Genre"),
        }
    )
    assert languages["fr"].gettext("Save") == "Enregistrer"
    assert languages.of("fr", "pc").gettext("On") == "Allumer"
    assert languages.of("fr", "pc").gettext("Type") == "Type"
    assert languages.of("fr", "pc").gettext("Save") == "Enregistrer"
    assert languages.of("fr", "garden").gettext("On") == "Activer"
    assert languages.of("fr", "garden").gettext("Save") == "Planter"
