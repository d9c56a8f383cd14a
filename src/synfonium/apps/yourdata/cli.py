"""`synfonium export`, `import`, `erase`, `receipt` and `processing`."""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from synfonium.apps.yourdata.errors import NotAReceipt, ReceiptForged
from synfonium.apps.yourdata.model import Receipt, holds
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal
from synfonium.kernel.i18n import DEFAULT_LOCALE, LOCALES

LARGEST_RECEIPT_BYTES = 1024 * 1024


def add_commands(commands: Commands) -> None:
    """Adds the commands of your data to the command line."""
    export = commands.add("export", _export, help="write all data of a person into one archive")
    export.add_argument("name")
    export.add_argument("file", metavar="FILE.zip", help="a file that does not exist yet")

    take_in = commands.add("import", _import, help="take a person in from an archive")
    take_in.add_argument("file", metavar="FILE.zip")
    take_in.add_argument("--name", default="", help="another name to sign in with")

    erase = commands.add("erase", _erase, help="destroy all data of a person; prints the receipt")
    erase.add_argument("name")
    erase.add_argument(
        "--after-days", type=int, default=0, metavar="N", help="close the account now, erase it then"
    )

    processing = commands.add(
        "processing", _processing, help="print the record of processing (GDPR, article 30)"
    )
    processing.add_argument("--language", choices=LOCALES, default=DEFAULT_LOCALE)

    verify = commands.add("receipt verify", _verify, help="check a receipt, without any server")
    verify.add_argument("file")
    verify.add_argument("--key", metavar="FILE.pem", help="the installation's key, known from elsewhere")
    commands.add("receipt key", _key, help="print the public key of this installation's receipts")


async def _export(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    path = Path(args.file).absolute()
    written = await call("yourdata.export", {"name": args.name, "path": str(path)}, out.progress)
    out.line(f"{args.file}: {written['files']} files, {written['size_bytes']} bytes")
    return 0


async def _import(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    path = Path(args.file).absolute()
    arrived = await call("yourdata.import", {"path": str(path), "name": args.name}, out.progress)
    out.line(f"{arrived['name']} is here. No way in came along: synfonium user link {arrived['name']}")
    for note in arrived["notes"]:
        out.line(f"  {note}")
    return 0


async def _erase(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {"name": args.name, "after_days": args.after_days}
    answer = await call("yourdata.erase", arguments, out.progress)
    if answer["receipt"] is None:
        out.line(f"closed; to be erased in {args.after_days} days, receipt {answer['id']}")
    else:
        out.line(json.dumps(answer["receipt"], ensure_ascii=False, indent=1))
    return 0


async def _verify(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    known = Path(args.key).read_text(encoding="ascii") if args.key else ""
    receipt = _read(Path(args.file))
    if not holds(receipt, known):
        raise ReceiptForged
    out.line(receipt.words)
    if not known:
        print("The signature holds. Compare its key with the installation's: receipt key", file=sys.stderr)
    return 0


async def _processing(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    out.line((await call("yourdata.processing", {"language": args.language}))["markdown"].strip())
    return 0


def _read(path: Path) -> Receipt:
    """Raises NotAReceipt."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LARGEST_RECEIPT_BYTES), type=Receipt)
    except (OSError, msgspec.MsgspecError):
        raise NotAReceipt from None


async def _key(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    out.line((await call("yourdata.receipt_key"))["key"].strip())
    return 0
