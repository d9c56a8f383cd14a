"""The typed doors of this process, which are imported and built while others answer already."""

import asyncio
from collections.abc import Iterable

from synfonium.kernel.app import resolve
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send
from synfonium.kernel.authentication import Authentication
from synfonium.kernel.context import CONTEXTS, Context
from synfonium.kernel.pages import Pages


class TypedDoors:
    """Doors of all apps served by this role; each app's doors get that app's context.

    It comes with each request: the doors are built once a process, whatever it serves.
    """

    def __init__(self, contexts: Iterable[Context], authentication: Authentication, pages: Pages) -> None:
        by_name = {context.app.name: context for context in contexts if context.app.doors}
        self._contexts, self._authentication, self._pages = by_name, authentication, pages
        self._doors: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def build(self) -> ASGIApp:
        """Imports and builds the doors in a thread: other doors answer meanwhile, these wait for it."""
        async with self._building:
            if self._doors is None:
                self._doors = await asyncio.to_thread(self._built)
        return self._doors

    def _built(self) -> ASGIApp:
        doors = {name: tuple(resolve(context.app.doors)) for name, context in self._contexts.items()}
        from synfonium.kernel.typed import application

        return application(tuple(doors.items()))  # type: ignore[return-value]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[CONTEXTS] = self._contexts
        self._authentication.serve(scope)
        self._pages.serve(scope)
        doors = self._doors or await self.build()
        await doors(scope, receive, send)
