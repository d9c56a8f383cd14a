"""What search promises, tried while you look; and what it sees of your request."""

from typing import Any

import msgspec
from litestar import Request, Response

from synfonium.apps.search.service.open import SearchService
from synfonium.apps.search.service.proofs.answers import Seen
from synfonium.apps.trust.contract import Proof
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get

AnyRequest = Request[Any, Any, Any]
_NO_TRACE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


class _Last(msgspec.Struct, frozen=True):
    """What of the last signed report is shown here."""

    made_s: float
    proofs: tuple[Proof, ...]


@get("/search/privacy")
async def privacy(actor: Visitor, context: Context, request: AnyRequest) -> Page:
    """Promises that are cheap to try are tried now, the others come from the last signed report."""
    service: SearchService = context.service
    live = await service.proofs.live()
    last = await _last(context)
    tried = {proof.promise for proof in live}
    others = [p for p in last.proofs if p.promise.startswith("search.") and p.promise not in tried]
    return Page(
        "search/privacy.html",
        headers=_NO_TRACE,
        live=live,
        others=others,
        made_s=last.made_s,
        seen=_seen(request),
        relayed=sorted(service.relay.gateways),
    )


async def _last(context: Context) -> _Last:
    try:
        signed = await context.call("trust.last_report")
    except Problem as problem:
        if problem.status != NotFound.status:
            raise
        return _Last(0.0, ())
    return msgspec.json.decode(signed["report"], type=_Last)


@get("/search/privacy/seen", include_in_schema=False)
async def seen(actor: Visitor, context: Context, request: AnyRequest) -> Response[Seen]:
    """All that a door of search sees of a request beside the question."""
    return Response(_seen(request), headers=_NO_TRACE)


def _seen(request: AnyRequest) -> Seen:
    client = request.scope.get("client")
    return Seen(
        headers=dict(request.headers.items()),
        address=client[0] if client else "",
        person=str(request.scope.get("state", {}).get("synfonium.person") or ""),
    )


doors = [privacy, seen]
