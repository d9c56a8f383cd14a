"""`synfonium audit …` and `synfonium trust …`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from synfonium.apps.trust.model import Report, SignedReport
from synfonium.apps.trust.service.report import check, read
from synfonium.kernel.audit.chain import Broken
from synfonium.kernel.audit.export import as_cef, row_of, verify_file
from synfonium.kernel.audit.heads import fingerprint, read_public_key
from synfonium.kernel.audit.verify import Verdict
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

LARGEST_KEY_BYTES = 10_000


def add_commands(commands: Commands) -> None:
    """Adds the commands of the audit and of the report to the command line."""
    report = commands.add("trust report", _report, help="try what the apps promise, and sign how that ended")
    report.add_argument("--out", metavar="FILE", help="write the signed report to a new file")
    checked = commands.add("trust check", _check_report, help="check who signed a report, and print it")
    checked.add_argument("file")
    checked.add_argument(
        "--key", metavar="PEM", help="public key of the installation, got from it on another way"
    )
    checked.set_defaults(alone=lambda _args: True)
    verify = commands.add("audit verify", _verify, help="check that nothing in the audit was changed")
    verify.add_argument("file", nargs="?", help="an export; without it, this installation")
    verify.add_argument(
        "--key", metavar="PEM", help="public key of the installation, got from it on another way"
    )
    export = commands.add("audit export", _export, help="write the whole audit to a new file (OCSF)")
    export.add_argument("file")
    commands.add("audit key", _key, help="print the public key that an export is checked with")
    cef = commands.add("audit cef", _cef, help="print the rows of an export in the Common Event Format")
    cef.add_argument("file")
    # These read a file and ask no server: they work on a machine without an installation.
    cef.set_defaults(alone=lambda _args: True)
    verify.set_defaults(alone=lambda args: bool(args.file))


async def _verify(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    if args.file:
        return _verify_file(Path(args.file), args.key, out)
    answer = await call("trust.audit_verify")
    verdicts = msgspec.convert(answer["verdicts"], list[Verdict])
    for verdict in verdicts:
        out.line(_told(verdict))
    return 0 if all(verdict.is_whole for verdict in verdicts) else 1


def _verify_file(path: Path, key_path: str | None, out: Terminal) -> int:
    try:
        key = read_public_key(Path(key_path).read_text("ascii")[:LARGEST_KEY_BYTES]) if key_path else None
        with path.open("rb") as file:
            verdicts, inside = verify_file(file, key)
    except (OSError, UnicodeError, ValueError):
        print("synfonium: the file or the key cannot be read", file=sys.stderr)
        return 1
    except Broken as broken:
        where = f"{broken.app} row {broken.seq}" if broken.app else f"line {broken.seq}"
        print(f"synfonium: NOT as it was written: {broken.reason} at {where}", file=sys.stderr)
        return 1
    for verdict in verdicts:
        out.line(_told(verdict))
    mark = fingerprint(key or read_public_key(inside))
    out.line(f"signed by {mark}{'' if key else ' (the key in the file itself: compare it)'}")
    return 0


def _told(verdict: Verdict) -> str:
    if not verdict.is_whole:
        return f"{verdict.app}: NOT as it was written: {verdict.reason} at row {verdict.broken_seq}"
    return f"{verdict.app}: whole, {verdict.rows} rows, {verdict.heads} signed heads"


async def _export(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    answer = await call("trust.audit_export", {"path": str(Path(args.file).absolute())})
    out.line(f"{answer['rows']} rows")
    return 0


async def _key(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    pem = (await call("trust.audit_key"))["pem"]
    out.line(pem.strip())
    out.line(fingerprint(read_public_key(pem)))
    return 0


async def _cef(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    return _print_cef(Path(args.file), out)


def _print_cef(path: Path, out: Terminal) -> int:
    try:
        with path.open("rb") as file:
            for line in file:
                event = msgspec.json.decode(line)
                if event.get("class_uid") == 6003:
                    out.line(as_cef(row_of(event)))
    except (OSError, msgspec.DecodeError, KeyError, IndexError, TypeError, AttributeError):
        print("synfonium: this is no export of an audit", file=sys.stderr)
        return 1
    return 0


async def _report(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    signed = msgspec.convert(await call("trust.report", {}, out.progress), SignedReport)
    if args.out and not _written(Path(args.out), signed):
        print("synfonium: this file cannot be made", file=sys.stderr)
        return 1
    return _print_report(check(signed), out)


def _written(path: Path, signed: SignedReport) -> bool:
    """Whether a new file could be made of it."""
    try:
        with path.open("xb") as file:
            file.write(msgspec.json.encode(signed))
    except OSError:
        return False
    return True


async def _check_report(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    try:
        key = read_public_key(Path(args.key).read_text("ascii")[:LARGEST_KEY_BYTES]) if args.key else None
        signed = read(Path(args.file))
        report = check(signed, key)
    except (OSError, UnicodeError, ValueError):
        print("synfonium: this is no report, or nobody signed it with this key", file=sys.stderr)
        return 1
    status = _print_report(report, out)
    mark = fingerprint(key or read_public_key(signed.key))
    out.line(f"signed by {mark}{'' if key else ' (the key in the file itself: compare it)'}")
    return status


def _print_report(report: Report, out: Terminal) -> int:
    """1 when a promise is broken."""
    for proof in report.proofs:
        out.line(f"{proof.state:7} {proof.promise}: {proof.found.format_map(proof.values)}")
    when = datetime.fromtimestamp(report.made_s, UTC).isoformat(" ", "seconds")
    out.line(f"{report.installation}, version {report.version}, {when}")
    return 1 if any(proof.state == "broken" for proof in report.proofs) else 0
