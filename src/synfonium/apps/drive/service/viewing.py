"""What a file's page shows of what is in it."""

import asyncio
from functools import partial
from typing import Literal

import msgspec

from synfonium.apps.drive.children import office
from synfonium.apps.drive.errors import ContentDamaged
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.code import language_of
from synfonium.apps.drive.model.media import is_text, may_be_shown
from synfonium.apps.drive.model.previews import Preview, family_of, has_pages
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.previews import Previews, shown_of
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import previews
from synfonium.kernel.actor import Person

MARKDOWN = "text/markdown"
# A picture that is there soon is waited for, so that the page need not be looked at twice.
DOCUMENT_WAIT_S = 1.0
EXCERPT_BYTES = 32 * 1024
CODE_BYTES = 192 * 1024
# A line that is longer is nothing that anybody wrote by hand: it is broken where the page ends.
LONG_LINE = 500
LARGEST_SIDE = 1024


class View(msgspec.Struct, frozen=True, kw_only=True):
    """kind: how it is shown; `unseen`: a document of which nobody here can make pictures. pages: of how
    many there are pictures, 0 while they are made. html: of a text that is Markdown, safe to show. width,
    height: of the picture on the page, 0 when not known yet. language: of code, whose text is in
    lines; is_wrapped: with lines that are longer than a page is wide."""

    kind: Literal["", "picture", "pages", "unseen", "film", "sound", "text"] = ""
    has_picture: bool = False
    pages: int = 0
    width: int = 0
    height: int = 0
    text: str = ""
    html: str = ""
    is_cut: bool = False
    language: str = ""
    is_wrapped: bool = False

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


class Viewing:
    """Looks at files of one actor's reach, and decodes nothing."""

    def __init__(self, room: Room, files: Files, previews: Previews) -> None:
        self._room, self._files, self._previews = room, files, previews

    async def of(self, actor: Person, node: Node) -> View:
        """Raises NoSuchNode."""
        content = await self._files.content(actor, node.id)
        if self._room.damages.is_refused(content.blob) or content.blob in self._room.harmful:
            return View()
        if has_pages(node.media_type) and shown_of(node):
            return await self._document(content)
        known = await self._room.read(partial(previews.find, blob=content.blob))
        has_picture = shown_of(node) and (known is None or known.state != "none")
        top = node.media_type.partition("/")[0]
        if top in ("video", "audio") and may_be_shown(node.media_type):
            return View(kind="film" if top == "video" else "sound", has_picture=has_picture)
        if is_text(node.media_type) or (language_of(node.name) and not has_picture):
            return await self._text(content)
        if has_picture and family_of(node.media_type) != "audio":
            width, height = _fitted(known)
            return View(kind="picture", has_picture=True, width=width, height=height)
        return View()

    async def _document(self, content: Content) -> View:
        await self._previews.begin(content, DOCUMENT_WAIT_S)
        known = await self._room.read(partial(previews.find, blob=content.blob))
        if known is not None and known.state == "none":
            is_ours = family_of(content.node.media_type) == "office" and not office.is_here()
            return View(kind="unseen" if is_ours else "")
        count = await self._room.read(partial(previews.pages, blob=content.blob))
        width, height = _fitted(known)
        return View(kind="pages", has_picture=True, width=width, height=height, pages=count)

    async def _text(self, content: Content) -> View:
        language = language_of(content.node.name)
        most = CODE_BYTES if language else EXCERPT_BYTES
        try:
            start = b"".join([piece async for piece in self._files.read(content, 0, most)])
        except ContentDamaged:
            return View()
        if b"\0" in start:
            return View()
        is_cut = content.node.size_bytes > most
        text, html = start.decode("utf-8", "replace").lstrip("\ufeff"), ""
        if content.node.media_type == MARKDOWN:
            # Half a second of work for the worst of texts: others are answered meanwhile.
            html = await asyncio.to_thread(_rendered, text)
        if language:
            return _code(text, language, is_cut)
        return View(kind="text", text=text, html=html, is_cut=is_cut)


def _code(text: str, language: str, is_cut: bool) -> View:
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    is_wrapped = any(len(line) > LONG_LINE for line in text.split("\n"))
    return View(kind="text", text=text, language=language, is_cut=is_cut, is_wrapped=is_wrapped)


def _fitted(known: Preview | None) -> tuple[int, int]:
    """How large the picture will be on the page, so that nothing moves when it comes."""
    if known is None or not known.width or not known.height:
        return 0, 0
    scale = min(1.0, LARGEST_SIDE / max(known.width, known.height))
    return max(1, round(known.width * scale)), max(1, round(known.height * scale))


def _rendered(text: str) -> str:
    from synfonium.libraries.markdown import to_html  # with the first text that needs it

    return to_html(text, below=1)
