"""Letters that are taken for others (Unicode UTS 39, by the library confusable-homoglyphs).

Account names are ASCII. What people are called is not, and must not pass for somebody else:
a word of two scripts with lookalikes is refused, and so is a name that looks like another
person's, or like staff, while being written otherwise.
"""

import unicodedata


def is_mixed(text: str) -> bool:
    """Whether a word mixes scripts so that one could be taken for the other."""
    from confusable_homoglyphs import confusables  # loads half a megabyte of tables

    return any(confusables.is_dangerous(word) for word in text.split())


def plain_look(text: str) -> str:
    """The text in Latin letters as far as it looks like them, without accents."""
    from confusable_homoglyphs import confusables

    text = unicodedata.normalize("NFKC", text)
    found = confusables.is_confusable(text, greedy=True, preferred_aliases=["latin"]) or []
    latin = {one["character"]: _ascii_of(one["homoglyphs"]) for one in found}
    seen = "".join(latin.get(letter) or letter for letter in text)
    return "".join(c for c in unicodedata.normalize("NFD", seen) if not unicodedata.combining(c))


def _ascii_of(homoglyphs: "list[dict[str, str]]") -> str:
    return next((one["c"] for one in homoglyphs if one["c"].isascii()), "")
