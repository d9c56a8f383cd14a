"""`synfonium search ask-privately`: a question through a relay."""

import argparse

from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal


def add_commands(commands: Commands) -> None:
    """Adds the command; it needs no installation."""
    ask = commands.add("search ask-privately", _ask, help="search through a relay (RFC 9458)")
    ask.add_argument(
        "relay", metavar="RELAY", help="such as https://relay.example/search/relay/search.example"
    )
    ask.add_argument("query", metavar="QUERY")
    ask.set_defaults(alone=lambda _args: True)


async def _ask(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    from synfonium.apps.search.service.ohttp.client import ask_privately

    for found in await ask_privately(args.relay, args.query):
        out.line(f"{found.title}\n  {found.url}")
    return 0
