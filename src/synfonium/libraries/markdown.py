"""Markdown that a stranger wrote, as HTML that does nothing: CommonMark 0.31 with tables and
strikethrough."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

__all__ = ["to_html"]

_OUTSIDE = ("https://", "http://", "mailto:")
_DEEPEST_HEADING = 6


def to_html(text: str, *, below: int = 1) -> str:
    """HTML for a page whose headings so far go down to level `below`.

    HTML in the text stays text; pictures are their descriptions; links lead to http, https and mailto
    only, and tell nobody where they were found.
    """
    return str(_renderer(below).render(text))


def _renderer(below: int) -> MarkdownIt:
    found = _made.get(below)
    if found is None:
        found = _made[below] = _make(below)
    return found


_made: dict[int, MarkdownIt] = {}


def _make(below: int) -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _image)

    def tame(state: StateCore) -> None:
        for token in state.tokens:
            if token.type in ("heading_open", "heading_close"):
                token.tag = f"h{min(_DEEPEST_HEADING, int(token.tag[1:]) + below)}"
            if "right" in str(token.attrs.pop("style", "")):
                token.attrSet("class", "n")
            _tame_links(token.children or [])

    markdown.core.ruler.push("tame", tame)
    return markdown


def _tame_links(tokens: Sequence[Token]) -> None:
    """Links that lead nowhere from here are text."""
    is_shown = [True]
    for token in tokens:
        if token.type == "link_open":
            is_shown.append(str(token.attrs.get("href", "")).lower().startswith(_OUTSIDE))
            token.hidden = not is_shown[-1]
            token.attrSet("rel", "noopener noreferrer nofollow")
        elif token.type == "link_close":
            token.hidden = not is_shown.pop()


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    # The library gives it for an attribute, and as it was written.
    return escapeHtml(renderer.renderInlineAsText(tokens[at].children or [], options, env))
