"""`synfonium search …`."""

import argparse
import gzip
import json
import sys
import zlib
from pathlib import Path

from synfonium.apps.search.cli import privately, tokens
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import ParseJob
from synfonium.apps.search.service.bundles.keys import fingerprint_of
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

_LARGEST_HTML_BYTES = 32 << 20
_TAKEN = ("added", "removed", "kept_ours", "outside")


def add_commands(commands: Commands) -> None:
    """Adds the commands of web search to the command line."""
    add = commands.add("search add", _add, help="index files of pages")
    add.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=".jsonl, .warc, .wet, .parquet, .ciff, or a folder",
    )

    crawl = commands.add("search crawl", _crawl, help="read web sites, politely, and index them")
    crawl.add_argument("seeds", nargs="*", metavar="SEED", help="address to begin at")
    crawl.add_argument(
        "--max-pages", type=_positive, default=0, metavar="N", help="read at most N pages (1000)"
    )
    _say_how(crawl)

    keep = commands.add("search keep", _keep, help="read web sites and visit them again, until it is stopped")
    keep.add_argument("seeds", nargs="*", metavar="SEED", help="address to begin at")
    _say_how(keep)

    _add_scopes(commands)
    _add_archive(commands)

    commands.add("search graph", _graph, help="rank hosts and pages by the links between them")

    evaluate = commands.add("search evaluate", _evaluate, help="measure the search on judged questions")
    evaluate.add_argument("folder", metavar="DIR", help="holds corpus.jsonl, queries.jsonl and qrels.tsv")

    rank = commands.add("search rank", _rank, help="measure the ranking of judged candidates")
    rank.add_argument("file", metavar="FILE", help="candidates.jsonl")

    learn = commands.add("search learn", _learn, help="learn the weights of the ranking from judged sets")
    learn.add_argument("files", nargs="+", metavar="FILE", help="as for search evaluate and search rank")
    learn.add_argument("--out", required=True, metavar="FILE", help="where to write the weights")
    learn.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed gives the same weights"
    )

    extract = commands.add("search extract", _extract, help="print what HTML files say, one JSON line each")
    extract.add_argument("files", nargs="+", metavar="FILE", help=".html or .html.gz")
    _add_exchange(commands)

    rates = commands.add("search import-rates", _import_rates, help="read the ECB's rates of currencies")
    rates.add_argument("file", metavar="FILE", help="eurofxref-daily.xml or eurofxref-hist.zip")

    places = commands.add("search import-places", _import_places, help="read places and what the map shows")
    places.add_argument(
        "file", metavar="FILE", help="GeoNames (.txt, .zip) or OpenStreetMap (.osm.pbf, .osm)"
    )

    knowledge = commands.add(
        "search import-encyclopedia", _import_encyclopedia, help="read an extract of Wikipedia or Wiktionary"
    )
    knowledge.add_argument("file", metavar="FILE", help="JSON lines: .ndjson, .json.gz, .jsonl.gz or .tar.gz")
    knowledge.add_argument("--lang", default="", metavar="LANG", help="of a dictionary's explanations")
    tokens.add_commands(commands)
    privately.add_commands(commands)


def _add_archive(commands: Commands) -> None:
    export = commands.add("search archive export", _export_archive, help="write all archived pages to a file")
    export.add_argument("file", metavar="FILE.warc.gz")
    commands.add("search archive rebuild", _rebuild, help="make the index anew from the archived pages")


def _add_scopes(commands: Commands) -> None:
    put = commands.add("search scope set", _put_scope, help="name what a crawl may enter")
    put.add_argument("name", metavar="NAME")
    put.add_argument("file", metavar="FILE", help="a host or an address a line; +ADDRESS is only a seed")
    put.add_argument("--languages", default="", metavar="L", help="keep only pages in these, such as fr,en")
    put.add_argument("--depth", type=int, default=50, metavar="N", help="links away from a seed")
    put.add_argument("--pages-per-host", type=_positive, default=50_000, metavar="N")
    commands.add("search scope list", _list_scopes, help="print the scopes, one JSON line each")
    remove = commands.add("search scope remove", _remove_scope, help="forget a scope")
    remove.add_argument("name", metavar="NAME")


def _say_how(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--delay", type=_seconds, metavar="S", help="least wait between two requests to one host (1 s)"
    )
    command.add_argument(
        "--allow-private-network", action="store_true", help="also visit private and loopback addresses"
    )
    command.add_argument(
        "--scope", default="", metavar="NAME", help="stay within a scope of this installation"
    )
    command.add_argument("--same-host", action="store_true", help="do not follow links to other hosts")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 3600:
        raise argparse.ArgumentTypeError("must be between 0 and 3600")
    return number


async def _add(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    paths = [str(Path(name).absolute()) for name in args.files]
    failed = 0
    for path in paths:
        report = (await call("search.add", {"paths": [path]}, out.progress))[path]
        out.line(f"{Path(path).name}: {_counts(report, 'indexed', 'skipped', 'broken')}")
        failed += report["broken"]
    if failed:
        print(f"synfonium: {failed} broken records were left out", file=sys.stderr)
    return 0


async def _import_rates(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.import_rates", {"path": str(Path(args.file).absolute())}, out.progress)
    out.line(f"{Path(args.file).name}: rates of {report['indexed']} days")
    return 0


async def _import_places(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.import_places", {"path": str(Path(args.file).absolute())}, out.progress)
    out.line(f"{Path(args.file).name}: {_counts(report, 'indexed', 'broken')}")
    return 0


async def _import_encyclopedia(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {"path": str(Path(args.file).absolute()), "lang": args.lang}
    report = await call("search.import_encyclopedia", arguments, out.progress)
    out.line(f"{Path(args.file).name}: {_counts(report, 'indexed', 'broken')}")
    return 0


async def _export_archive(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    path = Path(args.file).absolute()
    done = await call("search.export_archive", {"path": str(path)}, out.progress)
    out.line(f"{path.name}: {done['size_bytes']} bytes")
    return 0


async def _rebuild(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.rebuild", {}, out.progress)
    out.line(_counts(report, "indexed", "skipped", "broken"))
    return 0


async def _put_scope(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {
        "name": args.name,
        "lines": _read(Path(args.file)).decode("utf-8", "replace"),
        "languages": args.languages,
        "most_depth": args.depth,
        "most_pages": args.pages_per_host,
    }
    scope = await call("search.put_scope", arguments, out.progress)
    out.line(f"{args.name}: {len(scope['hosts'])} hosts, {len(scope['prefixes'])} places")
    return 0


async def _list_scopes(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for name, scope in (await call("search.list_scopes", {}, out.progress)).items():
        out.line(json.dumps({"name": name, **scope}, ensure_ascii=False))
    return 0


async def _remove_scope(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("search.remove_scope", {"name": args.name}, out.progress)
    return 0


def _wish(args: argparse.Namespace) -> dict[str, object]:
    return {
        "seeds": args.seeds,
        "delay_s": args.delay,
        "allow_private_network": args.allow_private_network,
        "same_host": args.same_host,
        "scope": args.scope,
    }


async def _keep(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.crawl", {**_wish(args), "is_endless": True}, out.progress)
    out.line(_counts(report, "indexed", "unchanged", "fetched", "skipped", "forbidden", "failed", "waiting"))
    return 0


async def _crawl(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.crawl", {**_wish(args), "max_pages": args.max_pages}, out.progress)
    out.line(_counts(report, "indexed", "unchanged", "fetched", "skipped", "forbidden", "failed", "waiting"))
    if not report["indexed"] + report["unchanged"]:
        hint = "" if args.allow_private_network else "; private addresses need --allow-private-network"
        print(f"synfonium: no page could be indexed{hint}", file=sys.stderr)
        return 1
    return 0


async def _graph(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    report = await call("search.graph", {}, out.progress)
    out.line(
        f"{report['hosts']} hosts, {report['host_links']} links between them, {report['pages']} pages, "
        f"{report['page_links']} links between them, {report['reindexed']} pages indexed anew"
    )
    return 0


def _counts(report: dict[str, int], *names: str) -> str:
    return ", ".join(f"{report[name]} {name}" for name in names)


async def _evaluate(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    path = str(Path(args.folder).absolute())
    out.line(json.dumps(await call("search.evaluate", {"path": path}, out.progress)))
    return 0


async def _rank(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    path = str(Path(args.file).absolute())
    out.line(json.dumps(await call("search.rank", {"path": path}, out.progress)))
    return 0


async def _learn(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    paths = [str(Path(name).absolute()) for name in args.files]
    arguments = {"paths": paths, "out": str(Path(args.out).absolute()), "seed": args.seed}
    out.line(json.dumps(await call("search.learn", arguments, out.progress)))
    return 0


async def _extract(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    from synfonium.apps.search.service.parsing import Parser, Unparsable

    parser, failed = Parser(), 0
    try:
        for name in args.files:
            try:
                extract = await parser.parse(ParseJob(url="", body=_read(Path(name))))
            except Unparsable:
                print(f"synfonium: {name} cannot be parsed", file=sys.stderr)
                failed += 1
                continue
            line = {
                "file": name,
                "url": extract.canonical,
                "title": extract.title,
                "lang": extract.lang,
                "text": extract.text,
            }
            out.line(json.dumps(line, ensure_ascii=False))
    finally:
        await parser.close()
    return 1 if failed else 0


def _read(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
            body = source.read(_LARGEST_HTML_BYTES + 1)
    except (OSError, EOFError, zlib.error) as failure:
        raise NotReadable(name=path.name) from failure
    if len(body) > _LARGEST_HTML_BYTES:
        raise NotReadable(name=path.name)
    return body


def _add_exchange(commands: Commands) -> None:
    export = commands.add(
        "search bundle export", _export, help="publish what was crawled since the last time"
    )
    export.add_argument("--anew", action="store_true", help="begin anew, without what was removed since")
    take = commands.add("search bundle import", _take, help="take in a bundle that came as a file")
    take.add_argument("file", metavar="FILE")
    take.add_argument("--peer", required=True, metavar="ADDRESS", help="the installation that it is from")
    follow = commands.add("search bundle peer add", _follow, help="follow another installation")
    follow.add_argument("address", metavar="ADDRESS", help="such as https://cloud.example.org")
    follow.add_argument("fingerprint", nargs="?", default="", help="of its key; without it, it is shown")
    follow.add_argument("--host", action="append", default=[], help="take nothing but pages of these hosts")
    commands.add("search bundle peer list", _peers, help="show whom this installation follows")
    for name, act, what in (
        ("pull", _pull, "take in what is new of one"),
        ("remove", _unfollow, "forget one, with all pages that it gave"),
    ):
        commands.add(f"search bundle peer {name}", act, help=what).add_argument("address", metavar="ADDRESS")


async def _export(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    made = (await call("search.bundle_export", {"anew": args.anew}, out.progress))["bundle"]
    out.line(f"{made['epoch']}-{made['number']}: {made['size_bytes']} bytes" if made else "nothing new")
    return 0


async def _take(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {"path": str(Path(args.file).absolute()), "origin": args.peer}
    out.line(_counts(await call("search.bundle_import", arguments, out.progress), *_TAKEN))
    return 0


async def _follow(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    if not args.fingerprint:
        feed = await call("search.peer_look", {"address": args.address}, out.progress)
        out.line(f"{feed['origin']} wants to speak for {', '.join(feed['scope'])}")
        out.line(f"fingerprint of its key: {fingerprint_of(feed['key'])}")
        out.line("Compare it with the people who run it, and give it as second argument.")
        return 1
    arguments = {"address": args.address, "fingerprint": args.fingerprint, "hosts": args.host}
    peer = await call("search.peer_add", arguments, out.progress)
    out.line(f"{peer['origin']}: {', '.join(peer['scope'])}")
    return 0


async def _peers(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for peer in await call("search.peer_list", {}, out.progress):
        out.line(f"{peer['origin']}: {peer['documents']} documents {peer['failure']}".rstrip())
    return 0


async def _pull(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    out.line(_counts(await call("search.peer_pull", {"origin": args.address}, out.progress), *_TAKEN))
    return 0


async def _unfollow(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    out.line(_counts(await call("search.peer_remove", {"origin": args.address}, out.progress), "removed"))
    return 0
