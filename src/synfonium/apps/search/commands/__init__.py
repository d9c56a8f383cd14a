"""Commands of web search, run in the worker."""

import asyncio
import base64
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import CrawlPlan, ImportReport
from synfonium.apps.search.service import measure
from synfonium.apps.search.service.answers.imported import KnowledgeImports
from synfonium.apps.search.service.bundles.exchange import Exchange
from synfonium.apps.search.service.bundles.taking import Taken
from synfonium.apps.search.service.crawls import Crawls, as_plain
from synfonium.apps.search.service.imports import Imports
from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.pictures import SmallPictures
from synfonium.apps.search.service.places.importing import PlaceImports
from synfonium.apps.search.service.scopes import Scopes, parse_scope
from synfonium.apps.search.service.scopes import as_plain as as_plain_scope
from synfonium.apps.search.store.peers import documents_of_peers
from synfonium.apps.search.store.preferences import keep_token
from synfonium.apps.trust.contract import Proof
from synfonium.common.problem import Forbidden
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


class EncyclopediaArguments(msgspec.Struct, frozen=True, kw_only=True):
    """path: absolute. lang: of a dictionary's explanations, when its name does not say it."""

    path: str
    lang: str = ""


class AddArguments(msgspec.Struct, frozen=True, kw_only=True):
    """paths: absolute, on this machine."""

    paths: list[str]


class CrawlArguments(msgspec.Struct, frozen=True, kw_only=True):
    """0 pages and no delay mean the settings'."""

    seeds: list[str]
    max_pages: int = 0
    delay_s: float | None = None
    allow_private_network: bool = False
    same_host: bool = False
    is_endless: bool = False
    scope: str = ""


class TracesArguments(msgspec.Struct, frozen=True, kw_only=True):
    """needles: what to look for, by what it is. since_s: files changed since then, UTC seconds."""

    needles: dict[str, str]
    since_s: float


class ScopeArguments(msgspec.Struct, frozen=True, kw_only=True):
    """lines: hosts and addresses, one a line."""

    name: str
    lines: str
    languages: str = ""
    most_depth: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 50
    most_pages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 50_000


class LearnArguments(msgspec.Struct, frozen=True, kw_only=True):
    """paths: folders as for `search evaluate`, files as for `search rank`; out: a file to write."""

    paths: list[str]
    out: str
    seed: int = 1


async def add(context: Context, call: Call) -> dict[str, dict[str, int]]:
    """Indexes files; a report for each path. Raises NotReadable."""
    arguments = msgspec.convert(call.arguments, AddArguments)
    imports: Imports = context.service.imports
    reports: dict[str, dict[str, int]] = {}
    for given in arguments.paths:
        reports[given] = msgspec.to_builtins(await imports.add(_absolute(given), call.progress))
    crawls: Crawls = context.service.crawls
    await crawls.graph.refresh(call.progress)
    return reports


async def keep_preferences(context: Context, call: Call) -> dict[str, str]:
    """Keeps a token with a person's account, as the person asked at our own door."""
    if call.caller != context.app.name:
        raise Forbidden
    person, token = call.text("person"), call.text("token")
    await context.database.write(lambda connection: keep_token(connection, person, token))
    return {}


async def picture(context: Context, call: Call) -> dict[str, str]:
    """A small picture of the one at `url`, as base64; `content` is empty when there is none."""
    pictures: SmallPictures = context.service.pictures
    return {"content": base64.b64encode(await pictures.small(call.text("url"))).decode()}


async def crawl(context: Context, call: Call) -> dict[str, int]:
    """Crawls to the end, telling how far it is. Raises NotAWebAddress."""
    crawls: Crawls = context.service.crawls
    crawl_id = await crawls.begin(await _plan(context, call))
    return as_plain(await crawls.watch(crawl_id, call.progress))


async def want_crawl(context: Context, call: Call) -> dict[str, str]:
    """Writes a crawl down and returns at once; it starts by itself."""
    crawls: Crawls = context.service.crawls
    return {"crawl_id": await crawls.want(await _plan(context, call))}


async def stop_crawl(context: Context, call: Call) -> dict[str, str]:
    """Stops one crawl. Raises UnknownCrawl."""
    crawls: Crawls = context.service.crawls
    await crawls.stop(call.text("crawl_id"))
    return {}


async def export_archive(context: Context, call: Call) -> dict[str, int]:
    """Writes all archived pages into a new file `path`. Raises NotReadable when it cannot be made."""
    crawls: Crawls = context.service.crawls
    path = _absolute(call.text("path"))
    try:
        return {"size_bytes": await crawls.archive.export(path)}
    except OSError as failure:
        raise NotReadable(name=path.name) from failure


async def rebuild(context: Context, call: Call) -> dict[str, int]:
    """Indexes the archived pages again, without asking any site."""
    crawls: Crawls = context.service.crawls
    with tempfile.TemporaryDirectory(dir=context.folder, prefix="rebuild-") as folder:
        path = Path(folder) / "archive.warc.gz"
        await crawls.archive.export(path)
        return _counted(await context.service.imports.add(path, call.progress))


def _counted(report: ImportReport) -> dict[str, int]:
    return {name: getattr(report, name) for name in ImportReport.__struct_fields__}


async def put_scope(context: Context, call: Call) -> dict[str, object]:
    """Keeps a scope under a name. Raises BadScope."""
    asked = msgspec.convert(call.arguments, ScopeArguments)
    scope = parse_scope(
        asked.lines, languages=asked.languages, most_depth=asked.most_depth, most_pages=asked.most_pages
    )
    await Scopes(context.database).put(asked.name, scope)
    return as_plain_scope(scope)


async def list_scopes(context: Context, call: Call) -> dict[str, object]:
    """All scopes by name."""
    return {name: as_plain_scope(scope) for name, scope in (await Scopes(context.database).all()).items()}


async def remove_scope(context: Context, call: Call) -> dict[str, str]:
    """Removes a scope; crawls that have it keep to it. Raises UnknownScope."""
    await Scopes(context.database).remove(call.text("name"))
    return {}


async def pause_crawl(context: Context, call: Call) -> dict[str, str]:
    """Stops one crawl until it is resumed. Raises UnknownCrawl."""
    crawls: Crawls = context.service.crawls
    await crawls.stop(call.text("crawl_id"), "paused")
    return {}


async def resume_crawl(context: Context, call: Call) -> dict[str, str]:
    """Lets a crawl go on. Raises UnknownCrawl."""
    crawls: Crawls = context.service.crawls
    await crawls.resume(call.text("crawl_id"))
    return {}


async def graph(context: Context, call: Call) -> dict[str, int]:
    """Ranks hosts and pages by the links between them, and indexes anew what that moves."""
    crawls: Crawls = context.service.crawls
    report: dict[str, int] = msgspec.to_builtins(await crawls.graph.refresh(call.progress))
    return report


async def evaluate(context: Context, call: Call) -> dict[str, float]:
    """Measures the search on judged questions in the folder `path`. Raises NotReadable."""
    return await measure.evaluate(context.temporary_index, Path(call.text("path")), call.progress)


async def rank(context: Context, call: Call) -> dict[str, float]:
    """Measures the ranking of the candidates in the file `path`. Raises NotReadable."""
    return await measure.rank(context.temporary_index, Path(call.text("path")), call.progress)


async def prove(context: Context, call: Call) -> list[Proof]:
    """What the report of trust asks every app: whether what it promises is so."""
    service: SearchService = context.service
    return await service.proofs.all()


async def traces_here(context: Context, call: Call) -> dict[str, int]:
    """In how many of the files that this role holds open one of the needles is; `files` counts them."""
    from synfonium.apps.search.service.proofs import process, traces

    arguments = msgspec.convert(call.arguments, TracesArguments)
    found = await asyncio.to_thread(traces.search_here, arguments.needles.values(), arguments.since_s, ())
    return {"files": found.files, "hits": found.hits, "dumps_core": process.dumps_core()}


async def import_rates(context: Context, call: Call) -> dict[str, int]:
    """Reads reference rates of the European Central Bank. Raises NotReadable."""
    imports: KnowledgeImports = context.service.knowledge_imports
    return msgspec.structs.asdict(await imports.rates(_absolute(call.text("path"))))


async def import_places(context: Context, call: Call) -> dict[str, int]:
    """Reads an extract of GeoNames or OpenStreetMap. Raises NotReadable or PartMissing."""
    imports: PlaceImports = context.service.place_imports
    return msgspec.structs.asdict(await imports.add(_absolute(call.text("path")), call.progress))


async def import_encyclopedia(context: Context, call: Call) -> dict[str, int]:
    """Reads an extract of Wikipedia or Wiktionary. Raises NotReadable."""
    arguments = msgspec.convert(call.arguments, EncyclopediaArguments)
    imports: KnowledgeImports = context.service.knowledge_imports
    report = await imports.encyclopedia(_absolute(arguments.path), arguments.lang, call.progress)
    return msgspec.structs.asdict(report)


def _absolute(given: str) -> Path:
    path = Path(given)
    if not path.is_absolute():
        raise NotReadable(name=path.name)
    return path


async def learn(context: Context, call: Call) -> dict[str, object]:
    """Learns the weights of the ranking from judged sets, writes them to `out`, and tells what
    five folds gave. Raises NotReadable."""
    from synfonium.apps.search.service.learn import learn_from

    arguments = msgspec.convert(call.arguments, LearnArguments)
    paths = [Path(path) for path in arguments.paths]
    learned = await learn_from(context.temporary_index, paths, arguments.seed, call.progress)
    learned.save(Path(arguments.out))
    return {"ndcg@10": dict(learned.ndcg), "questions": dict(learned.learned_from)}


async def _plan(context: Context, call: Call) -> CrawlPlan:
    arguments = msgspec.convert(call.arguments, CrawlArguments)
    crawls: Crawls = context.service.crawls
    scopes = Scopes(context.database)
    scope = await scopes.get(arguments.scope) if arguments.scope else None
    return crawls.plan(
        arguments.seeds,
        max_pages=arguments.max_pages,
        delay_s=arguments.delay_s,
        local=arguments.allow_private_network,
        same_host=arguments.same_host,
        is_endless=arguments.is_endless,
        scope_name=arguments.scope,
        scope=scope,
    )


async def bundle_export(context: Context, call: Call) -> dict[str, object]:
    """The next bundle of what was crawled, or nothing new. Raises NothingShared."""
    exchange: Exchange = context.service.exchange
    made = await exchange.export(anew=bool(call.arguments.get("anew")))
    return {"bundle": msgspec.to_builtins(made) if made else None}


async def bundle_import(context: Context, call: Call) -> dict[str, int]:
    """Takes in the file `path` as from the peer `origin`. Raises NoPeer, PeerRefused, NotReadable."""
    exchange: Exchange = context.service.exchange
    path = Path(call.text("path"))
    try:
        return _plain(await exchange.peers.take_file(call.text("origin"), path))
    except OSError:
        raise NotReadable(name=path.name) from None


async def peer_look(context: Context, call: Call) -> dict[str, object]:
    """What an installation publishes, nothing of it trusted. Raises PeerRefused."""
    exchange: Exchange = context.service.exchange
    feed: dict[str, object] = msgspec.to_builtins(await exchange.peers.look(call.text("address")))
    return feed


async def peer_add(context: Context, call: Call) -> dict[str, object]:
    """Follows an installation by its key's fingerprint. Raises PeerRefused, PeerKnown."""
    exchange: Exchange = context.service.exchange
    hosts = msgspec.convert(call.arguments.get("hosts") or [], list[str])
    peer = await exchange.peers.add(call.text("address"), call.text("fingerprint"), hosts)
    return {"origin": peer.origin, "scope": list(peer.scope)}


async def peer_list(context: Context, call: Call) -> list[dict[str, object]]:
    """Whom this installation follows, and how their last pull went."""
    exchange: Exchange = context.service.exchange
    counts = await context.database.read(documents_of_peers)
    return [
        {"origin": p.origin, "documents": counts.get(p.id, 0), "pulled_s": p.pulled_s, "failure": p.failure}
        for p in await exchange.peers.all()
    ]


async def peer_pull(context: Context, call: Call) -> dict[str, int]:
    """Takes in what is new of a peer. Raises NoPeer, PeerRefused."""
    exchange: Exchange = context.service.exchange
    return _plain(await exchange.peers.pull(call.text("origin")))


async def peer_remove(context: Context, call: Call) -> dict[str, int]:
    """Forgets a peer with all that it gave. Raises NoPeer."""
    exchange: Exchange = context.service.exchange
    return {"removed": await exchange.peers.remove(call.text("origin"))}


def _plain(taken: Taken) -> dict[str, int]:
    plain: dict[str, int] = msgspec.to_builtins(taken)
    return plain
