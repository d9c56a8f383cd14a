"""Pictures of files: made when somebody looks, kept beside the content, removed with it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from functools import partial

import msgspec

from synfonium.apps.drive.children import maker
from synfonium.apps.drive.errors import ContentDamaged, NoPreview
from synfonium.apps.drive.model import BlobName, Node, NodeId, Space, VersionId
from synfonium.apps.drive.model.previews import (
    LARGE,
    SIZES,
    SMALL,
    Made,
    Preview,
    family_of,
    has_pages,
    key_of,
    size_for,
)
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.versions import Versions
from synfonium.apps.drive.store import history, nodes, previews, spaces
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

log = logs.get("drive")
AT_ONCE = 2
PIECE_BYTES = 1024 * 1024
FORGOTTEN_AT_ONCE = 200


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a file, WebP. etag: the same as long as the file's content is."""

    content: bytes
    etag: str


class Source(msgspec.Struct, frozen=True):
    """A piece of a content, for the worker alone. content: base64."""

    content: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker shall make pictures of."""

    node: NodeId
    version: VersionId
    media_type: str
    size_bytes: int
    sizes: tuple[int, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker made. images: base64 by size."""

    state: str
    images: dict[str, str] = {}
    taken_s: float | None = None
    width: int = 0
    height: int = 0


class Previews:
    """Pictures of the files in one actor's reach."""

    def __init__(self, room: Room, files: Files, versions: Versions) -> None:
        self._room, self._files, self._versions = room, files, versions
        self._making: dict[tuple[BlobName, bool], asyncio.Task[Preview | None]] = {}
        self._turns, self._slow_turn = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(1)

    async def of_number(self, actor: Person, number: int, pixels: int) -> Picture:
        """As `of`, for clients that know a file by its number."""
        return await self.of(actor, (await self._versions.by_number(actor, number)).id, pixels)

    async def of(self, actor: Person, node: NodeId, pixels: int, page: int = 1) -> Picture:
        """A picture of the file for about so many pixels; of a document, any page of the first
        MOST_PAGES. Raises NoSuchNode, NotThatKind, NoPreview."""
        content = await self._files.content(actor, node)
        if content.blob in self._room.harmful:
            raise NoPreview
        size_px = size_for(pixels) if page == 1 else key_of(LARGE, page)
        found = await self._picture(content, size_px)
        if found is None:
            await self.ensure(content, is_large=size_px not in SMALL)
            found = await self._picture(content, size_px)
        if found is None:
            raise NoPreview
        return Picture(content=found, etag=f"{content.node.version}-{size_px}")

    async def _picture(self, content: Content, size_px: int) -> bytes | None:
        name = await self._room.read(partial(previews.picture, blob=content.blob, size_px=size_px))
        if name is None:
            return None
        try:
            kept = Content(node=content.node, space=content.space, blob=name)
            return b"".join([piece async for piece in self._files.read(kept)])
        except ContentDamaged:  # it is made anew
            await self._room.context.database.write(
                partial(previews.forget, blob=content.blob, now_s=self._room.now_s())
            )
            return None

    async def ensure(self, content: Content, *, is_large: bool = False) -> Preview | None:
        """What is known of the content's pictures, after they were made if that can be. None for what
        nobody can make pictures of."""
        if not maker.can_make(family_of(content.node.media_type)):
            return None
        self._room.damages.refuse(content.blob)
        if content.blob in self._room.harmful:
            return None
        known = await self._room.read(partial(previews.find, blob=content.blob))
        # A document that has become PDF once is looked at in all sizes.
        is_large = is_large or family_of(content.node.media_type) == "office"
        size_px = LARGE if is_large else SMALL[0]
        if known and known.state == "ready" and not self._lacks_pages(content.node, known, is_large):
            if await self._room.read(partial(previews.picture, blob=content.blob, size_px=size_px)):
                return known
        elif known and known.state != "ready" and known.is_settled(maker.maker(), self._room.now_s()):
            return known
        key = (content.blob, is_large)
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(content, known, is_large))
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(task)

    def _lacks_pages(self, node: Node, known: Preview, is_large: bool) -> bool:
        """Whether others may make more of it by now than those did who made what there is."""
        return is_large and has_pages(node.media_type) and known.maker != maker.maker()

    async def begin(self, content: Content, wait_s: float) -> None:
        """Has all pictures made, and waits for it so long and no longer."""
        task = asyncio.create_task(self.ensure(content, is_large=True))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({task}, timeout=wait_s)

    async def _make(self, content: Content, known: Preview | None, is_large: bool) -> Preview | None:
        node = content.node
        assert node.version is not None
        order = Order(
            node=node.id,
            version=node.version,
            media_type=node.media_type,
            size_bytes=node.size_bytes,
            sizes=_sizes(node.media_type, is_large),
        )
        # What takes long must not keep others waiting.
        async with self._slow_turn if family_of(node.media_type) == "office" else self._turns:
            answer = await self._room.context.call("drive.make_pictures", msgspec.to_builtins(order))
        made = msgspec.convert(msgspec.to_builtins(answer), Answer)
        return await self._keep(content, known, made)

    async def _keep(self, content: Content, known: Preview | None, made: Answer) -> Preview | None:
        now_s = self._room.now_s()
        preview = Preview(
            blob=content.blob,
            space=content.space.id,
            state="ready" if made.state == "ready" else "slow" if made.state == "slow" else "none",
            maker=maker.maker(),
            tries=(known.tries if known else 0) + 1,
            made_s=now_s,
            taken_s=made.taken_s,
            width=made.width,
            height=made.height,
        )
        async with self._room.gate.upload():
            kept = {int(size): await self._seal(content.space, image) for size, image in made.images.items()}
            work = partial(previews.keep, preview=preview, made=kept, now_s=now_s)
            return preview if await self._room.context.database.write(work) else None

    async def _seal(self, space: Space, image: str) -> tuple[BlobName, int]:
        sealed = await self._room.sealed.write(await self._room.key(space), _one(base64.b64decode(image)))
        return BlobName(sealed.name), sealed.size_bytes

    async def source(self, node: NodeId, version: VersionId, start: int) -> Source | None:
        """A piece of a version, for the worker that makes pictures; reached by a command alone."""
        found = await self._room.read(lambda c: (nodes.find(c, node), history.find(c, version)))
        if found[0] is None or found[1] is None or found[1].node != node:
            return None
        space = await self._room.read(partial(spaces.by_id, space=found[0].space))
        if space is None:
            return None
        content = Content(node=found[0], space=space, blob=found[1].blob)
        piece = b"".join([p async for p in self._files.read(content, start, start + PIECE_BYTES)])
        return Source(base64.b64encode(piece).decode())

    async def sweep(self) -> int:
        """Pictures of contents that nothing refers to any more are let go."""
        count, now_s = 0, self._room.now_s()
        while True:
            gone = await self._room.read(partial(previews.of_nothing, limit=FORGOTTEN_AT_ONCE))
            for blob in gone:
                await self._room.context.database.write(partial(previews.forget, blob=blob, now_s=now_s))
            count += len(gone)
            if len(gone) < FORGOTTEN_AT_ONCE:
                return count


class Darkroom:
    """In the worker: makes the pictures, in children."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def make(self, order: Order) -> Answer:
        family = family_of(order.media_type)
        if family is None or not maker.can_make(family):
            return Answer(state="none")

        def read(start: int, stop: int) -> AsyncIterator[bytes]:
            return self._pieces(order, start, stop)

        made: Made = await maker.make(family, order.size_bytes, read, list(order.sizes), order.media_type)
        images = {str(size): base64.b64encode(image).decode() for size, image in made.images.items()}
        return Answer(
            state=made.state, images=images, taken_s=made.taken_s, width=made.width, height=made.height
        )

    async def _pieces(self, order: Order, start: int, stop: int) -> AsyncIterator[bytes]:
        while start < stop:
            asked = {"node": order.node, "version": order.version, "start": start}
            answer = await self._context.call("drive.read_picture_source", asked)
            if answer is None:
                return
            piece = base64.b64decode(msgspec.convert(msgspec.to_builtins(answer), Source).content)
            if not piece:
                return
            yield piece[: stop - start]
            start += len(piece)


def _sizes(media_type: str, is_large: bool) -> tuple[int, ...]:
    if family_of(media_type) == "office":
        return SIZES
    return (LARGE,) if is_large else SMALL


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


def shown_of(node: Node) -> bool:
    """Whether a page may ask for a picture of it."""
    return node.is_file and maker.can_make(family_of(node.media_type))
