"""A page's own text, without what stands around it on every page of its site."""

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

LONGEST_TEXT = 200_000
_SHORT_TEXT = 200


def main_text(html: str) -> str:
    """The page's own text; all of it where the heuristics leave next to nothing."""
    tree = HTMLTree.parse(html)
    text = extract_plain_text(
        tree, preserve_formatting=False, main_content=True, list_bullets=False, alt_texts=False
    )
    if len(text) < _SHORT_TEXT:
        whole = extract_plain_text(tree, preserve_formatting=False, list_bullets=False, alt_texts=False)
        text = max(text, whole, key=len)
    return text[:LONGEST_TEXT]
