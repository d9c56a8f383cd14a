"""How a person is drawn where they have no picture: the letters of what they are called, on a colour of the
house that is theirs. What these letters cannot be is the head of a note, as on our pages."""

import asyncio
import hashlib
import io
import unicodedata
from functools import lru_cache

import msgspec

from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.sharees import Sharees
from synfonium.apps.identity.contract import People
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person

SMALL, LARGE = 64, 512
# ../shared/look: ink, the second voice, what was visited, quiet text; and what is written on them.
_LIGHT = ("#0b4a5c", "#8a2f5f", "#5a4a63", "#4a5c65")
_DARK = ("#93d2e2", "#f0a6cb", "#c9b4d6", "#a6b8bf")
_ON_LIGHT, _ON_DARK = "#ffffff", "#0a1418"
_KEPT = 512
_FORM = 1
"""Goes up when the same person is drawn otherwise."""


class Sketch(msgspec.Struct, frozen=True):
    """Of what a portrait is made. pixels: of each side."""

    letters: str
    colour: int
    pixels: int
    is_dark: bool

    @property
    def etag(self) -> str:
        return hashlib.sha256(repr((_FORM, self)).encode()).hexdigest()[:32]

    async def png(self) -> bytes:
        return await asyncio.to_thread(_drawn, self)


class Portraits:
    """Of people whom the actor knows."""

    def __init__(self, room: Room, sharees: Sharees) -> None:
        self._room, self._sharees = room, sharees

    async def of(self, actor: Person, name: str, pixels: int, *, is_dark: bool) -> Sketch:
        """name: what the person signs in with. One of two sizes, so that few are made. Raises NotFound for
        nobody, and for somebody whom the actor has nothing to do with."""
        found = await self._room.context.offer(People).by_name(name)  # type: ignore[type-abstract]
        if found is None or found.is_suspended or not await self._sharees.knows(actor.id, found.id):
            raise NotFound
        colour = hashlib.sha256(found.id.encode()).digest()[0] % len(_LIGHT)
        return Sketch(letters_of(found.display), colour, SMALL if pixels <= SMALL else LARGE, is_dark)


def letters_of(display: str) -> str:
    """Of the first two words one each, without accents; empty when there are none that can be drawn."""
    firsts = [unicodedata.normalize("NFKD", word)[0].upper() for word in display.split()[:2]]
    return "".join(one for one in firsts if one.isascii() and one.isalnum())


@lru_cache(maxsize=_KEPT)
def _drawn(sketch: Sketch) -> bytes:
    # Loaded when the first is drawn: a house whose people never look has no need of it.
    from PIL import Image, ImageDraw, ImageFont

    pixels = sketch.pixels
    ground = (_DARK if sketch.is_dark else _LIGHT)[sketch.colour]
    ink = _ON_DARK if sketch.is_dark else _ON_LIGHT
    image = Image.new("RGB", (pixels, pixels), ground)
    if sketch.letters:
        font = ImageFont.load_default(pixels * (0.5 if len(sketch.letters) == 1 else 0.4))
        ImageDraw.Draw(image).text((pixels / 2, pixels / 2), sketch.letters, ink, font, anchor="mm")
    else:
        head = Image.new("L", image.size)
        ImageDraw.Draw(head).ellipse((pixels * 0.2, pixels * 0.28, pixels * 0.8, pixels * 0.72), 255)
        image.paste(ink, mask=head.rotate(20, Image.Resampling.BICUBIC))
    held = io.BytesIO()
    image.quantize(32).save(held, "PNG", optimize=True)
    return held.getvalue()
