"""A server that is forked from a process with all code loaded, so that it can be killed very often.

    python -m tests.journeys.killing.server HOME PORT

Its lines are those of synfonium.testing.child: `serve 0` forks `synfonium serve --single`, all roles in
that process; `kill` ends it by SIGKILL. It is the whole server but for what a start spends its time on
and a kill cannot touch: imports, languages and templates come from before the fork, and the pages have
no routes. Databases, blobs, outboxes, relays, sign-in and the doors of file clients are as always.
"""

import gc
import importlib
import os
import pkgutil
import sys
from contextlib import suppress

import synfonium
from synfonium.kernel import application
from synfonium.kernel.app import installed_apps
from synfonium.main import main
from synfonium.testing.child import serve_forks

_LEFT_OUT = (".tests", ".testing", ".migrations", ".children", "__main__")


def load_all() -> None:
    """Imports every module of ours, and with them what they import."""
    for module in pkgutil.walk_packages(synfonium.__path__, "synfonium."):
        if not any(part in module.name for part in _LEFT_OUT):
            with suppress(ImportError):
                importlib.import_module(module.name)


def make_pages_once() -> None:
    pages, typed = application.Pages(installed_apps(), "", "en"), application.TypedDoors
    application.Pages = lambda *_: pages  # type: ignore[assignment,misc]
    application.TypedDoors = lambda _contexts, *rest: typed((), *rest)  # type: ignore[assignment,misc]
    typed((), None, pages)  # type: ignore[arg-type]
    gc.collect()
    gc.freeze()


def serve(_command: str, _number: int) -> None:
    home, port = sys.argv[1:3]
    os.dup2(os.open(f"{home}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    os.dup2(1, 2)
    main(["serve", "--single", "--home", home, "--port", port])


if __name__ == "__main__":
    load_all()
    make_pages_once()
    serve_forks(serve)
