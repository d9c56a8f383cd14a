"""Which engines there are, and which of them the operator has switched on."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.service.federation import engines as shelf
from synfonium.apps.search.service.federation.engine import Engine, Given

Fault = Literal["unknown", "no_address", "bad_address", "no_key", "bad_key"]


class _Unusable(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that is switched on. is_own_address: the operator said where it is."""

    engine: Engine
    given: Given
    is_own_address: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings switch on, and what in them cannot be used (name and why): a word
    mistyped there must not keep the whole search from starting."""

    chosen: tuple[Chosen, ...] = ()
    faults: tuple[tuple[str, Fault], ...] = ()


@cache
def known_engines() -> dict[str, Engine]:
    """Every engine that lies in `engines/`, by its name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(shelf.__path__))
    found: list[Engine] = [import_module(f"{shelf.__name__}.{name}").engine for name in modules]
    return {engine.about.name: engine for engine in found}


def choose(config: SearchConfig) -> Choice:
    """The engines of `outside`, in that order, with the keys of `outside_key_files`."""
    keys = dict(_pair(entry) for entry in config.outside_key_files)
    wished = dict(_pair(entry) for entry in config.outside)
    chosen: list[Chosen] = []
    faults: list[tuple[str, Fault]] = [(name, "unknown") for name in keys if name not in wished]
    for name, url in wished.items():
        try:
            chosen.append(_chosen(name, url, keys.get(name, "")))
        except _Unusable as unusable:
            faults.append((name, unusable.fault))
    return Choice(chosen=tuple(chosen), faults=tuple(faults))


def _chosen(name: str, url: str, key_file: str) -> Chosen:
    engine = known_engines().get(name)
    if engine is None:
        raise _Unusable("unknown")
    base = (url or engine.about.base_url).rstrip("/")
    if not base:
        raise _Unusable("no_address")
    if urlsplit(base).scheme not in ("http", "https"):
        raise _Unusable("bad_address")
    if engine.about.needs_key and not key_file:
        raise _Unusable("no_key")
    given = Given(base_url=base, key=_key(key_file) if key_file else "")
    return Chosen(engine=engine, given=given, is_own_address=bool(url))


def _key(file: str) -> str:
    try:
        key = Path(file).read_text("ascii").strip()
    except (OSError, ValueError):
        raise _Unusable("bad_key") from None
    if not key.isprintable() or not 1 <= len(key) <= 500:
        raise _Unusable("bad_key")
    return key


def _pair(entry: str) -> tuple[str, str]:
    name, _equals, value = entry.partition("=")
    return name.strip(), value.strip()
