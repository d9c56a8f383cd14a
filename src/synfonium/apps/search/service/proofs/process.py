"""Checks of the processes that hold a question for a moment."""

import ctypes
import resource
import sys
from contextvars import ContextVar
from typing import Any

from synfonium.apps.search.service.proofs.scene import WORDS, Outcome, Scene, canary_word
from synfonium.kernel.i18n import _

_PR_GET_DUMPABLE = 3
_CONNECTING = {
    *("socket.connect", "socket.sendto", "socket.sendmsg"),
    *("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    *("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty"),
}
_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)
_is_listening = False


def dumps_core() -> bool:
    """Whether the kernel may write the memory of this process to a file."""
    may_be_read = bool(ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))
    return may_be_read or resource.getrlimit(resource.RLIMIT_CORE) != (0, 0)


async def no_core(scene: Scene) -> Outcome:
    worker = await scene.context.call("search.traces_here", {"needles": {}, "since_s": 0.0})
    if dumps_core() or worker["dumps_core"]:
        return Outcome(state="broken", found=_("The kernel may write a core dump of a process of search."))
    return Outcome(state="kept", found=_("Core dumps are off, and no other process may read the memory."))


async def no_connection(scene: Scene) -> Outcome:
    """By Python's audit events (PEP 578), of the thread or task alone that answers the question."""
    _listen()
    noted = list[str]()
    token = _noted.set(noted)
    try:
        answers = await scene.every_door((*WORDS, canary_word()))
    finally:
        _noted.reset(token)
    values = {"count": str(len(answers)), "events": ", ".join(sorted({*noted}))}
    if noted:
        found = _("While {count} questions were answered, this happened: {events}.")
        return Outcome(state="broken", found=found, values=values)
    return Outcome(state="kept", found=_("{count} questions, no connection."), values=values)


def _listen() -> None:
    """Once: a hook stays as long as the process."""
    global _is_listening
    if not _is_listening:
        _is_listening = True
        sys.addaudithook(_note)


def _note(event: str, given: tuple[Any, ...]) -> None:
    if event in _CONNECTING and (noted := _noted.get()) is not None and not _is_within(event, given):
        noted.append(event)


def _is_within(event: str, given: tuple[Any, ...]) -> bool:
    """A socket in the home: a role asks another one."""
    return event == "socket.connect" and isinstance(given[1], str | bytes)
