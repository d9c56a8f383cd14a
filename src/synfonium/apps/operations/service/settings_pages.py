"""The reference of settings as two pages of Markdown."""

import tomllib
from pathlib import Path

import msgspec

from synfonium.kernel.reference import Setting, described

FRENCH = "settings.fr.toml"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    opening: str
    house: str
    columns: tuple[str, str, str, str]


_ENGLISH = Words(
    title="Settings",
    opening=(
        "They stand in `synfonium.toml` in the home, or in the environment, which wins. `synfonium settings` "
        "prints those that hold now. This page is made by `synfonium settings --reference docs/reference`."
    ),
    house="The installation",
    columns=("setting", "default", "in the environment", "what it does"),
)
_IN_FRENCH = Words(
    title="Réglages",
    opening=(
        "Ils se trouvent dans `synfonium.toml`, dans le dossier de l’installation, ou dans "
        "l’environnement, qui l’emporte. `synfonium settings` affiche ceux qui valent à présent. "
        "Cette page est faite par `synfonium settings --reference docs/reference`."
    ),
    house="L’installation",
    columns=("réglage", "par défaut", "dans l’environnement", "ce qu’il fait"),
)


def pages(folder: Path) -> dict[str, str]:
    """File name to its content. French sentences come from `settings.fr.toml` in `folder`;
    one that is not there yet stands in English."""
    found = described()
    french = folder / FRENCH
    known = tomllib.loads(french.read_text("utf-8")) if french.exists() else {}
    translated = [
        msgspec.structs.replace(
            one, sentence=known.get(one.section or "house", {}).get(one.name, one.sentence)
        )
        for one in found
    ]
    return {"settings.md": _page(_ENGLISH, found), "settings.fr.md": _page(_IN_FRENCH, translated)}


def _page(words: Words, settings: list[Setting]) -> str:
    lines = [f"# {words.title}", "", words.opening]
    section = None
    for one in settings:
        if one.section != section:
            section = one.section
            title = f"`[{section}]`" if section else words.house
            lines += ["", f"## {title}", "", f"| {' | '.join(words.columns)} |", "|---|---|---|---|"]
        cells = (f"`{one.name}`", f"`{one.default}`", f"`{one.environment}`", one.sentence)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"
