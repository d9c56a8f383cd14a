"""Scopes per installation: a town, a language, a list of sites; typed on a page, or read from a file."""

import re

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.errors import BadScope, UnknownScope
from synfonium.apps.search.model import CrawlScope, host_of, normal_url
from synfonium.ports.database import Database

MOST_SCOPES = 200
_MOST_LINES = 5000
_NAME = re.compile(r"[\w][\w .\-]{0,59}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.\-]{0,251}[a-z0-9])?")


def parse_scope(
    lines: str, *, languages: str = "", most_depth: int = 50, most_pages: int = 50_000
) -> CrawlScope:
    """A scope from a list, one entry a line; `#` begins a remark.

    `example.org`: this host and those below it, which is a seed too. `https://example.org/town/`:
    addresses that begin so, a seed too. `+https://…`: only a seed. Raises BadScope.
    """
    hosts, prefixes, seeds = dict[str, None](), dict[str, None](), dict[str, None]()
    for number, line in enumerate(lines.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if number > _MOST_LINES:
            raise BadScope(line=number)
        if entry:
            _enter(entry, number, hosts, prefixes, seeds)
    return CrawlScope(
        hosts=tuple(hosts),
        prefixes=tuple(prefixes),
        languages=_languages(languages),
        seeds=tuple(seeds),
        most_depth=most_depth,
        most_pages_per_host=most_pages,
    )


def _enter(
    entry: str, number: int, hosts: dict[str, None], prefixes: dict[str, None], seeds: dict[str, None]
) -> None:
    bare = entry.removeprefix("+").strip()
    url = normal_url(bare if "://" in bare else f"https://{bare}/")
    if url is None or not _HOST.fullmatch(host_of(url)):
        raise BadScope(line=number)
    seeds[url] = None
    if entry.startswith("+"):
        return
    if "://" in bare:
        prefixes[url] = None
    else:
        hosts[host_of(url)] = None


def _languages(typed: str) -> tuple[str, ...]:
    said = dict.fromkeys(typed.lower().replace(",", " ").split())
    if len(said) > 50 or not all(_LANGUAGE.fullmatch(lang) for lang in said):
        raise BadScope(line=0)
    return tuple(said)


def lines_of(scope: CrawlScope) -> str:
    """The list again, to be edited."""
    own = {normal_url(f"https://{host}/"): host for host in scope.hosts}
    entries = list(scope.hosts) + list(scope.prefixes)
    entries += [f"+{seed}" for seed in scope.seeds if seed not in own and seed not in scope.prefixes]
    return "\n".join(entries)


class Scopes:
    """The scopes of this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, name: str, scope: CrawlScope) -> None:
        """Keeps it; crawls that run keep to what it was. Raises BadScope."""
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise BadScope(line=0)

        def write(connection: Connection) -> None:
            known = store.all_scopes(connection, MOST_SCOPES)
            if name not in known and len(known) >= MOST_SCOPES:
                raise BadScope(line=0)
            store.put_scope(connection, name, scope)

        await self._database.write(write)

    async def get(self, name: str) -> CrawlScope:
        """Raises UnknownScope."""
        found = await self._database.read(lambda c: store.read_scope(c, name))
        if found is None:
            raise UnknownScope(name=name)
        return found

    async def all(self) -> dict[str, CrawlScope]:
        return await self._database.read(lambda c: store.all_scopes(c, MOST_SCOPES))

    async def remove(self, name: str) -> None:
        """Raises UnknownScope."""
        if not await self._database.write(lambda c: store.remove_scope(c, name)):
            raise UnknownScope(name=name)


def as_plain(scope: CrawlScope) -> dict[str, object]:
    """For the wire between roles, and for printing."""
    plain: dict[str, object] = msgspec.to_builtins(scope)
    return plain
