"""A link as a picture that a telephone reads (ISO/IEC 18004)."""

import segno
from markupsafe import Markup

MOST_DRAWN = 20
"""On one page: each costs some milliseconds. Further links show their address alone."""


def code_of(url: str) -> Markup:
    """An inline SVG: black on white in either scheme, with the quiet zone that readers need."""
    drawn = segno.make(url, error="m").svg_inline(
        scale=5, border=4, light="#fff", svgclass="qr", lineclass=None
    )
    return Markup(drawn)
