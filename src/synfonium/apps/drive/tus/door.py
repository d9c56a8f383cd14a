"""The ASGI app: `/drive/tus` begins an upload, `/drive/tus/<id>` takes the rest of it."""

from collections.abc import Awaitable, Callable

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tus.uploading import TusRequest, Uploading
from synfonium.apps.drive.tus.words import ALGORITHMS, VERSION, BadVersion
from synfonium.common.problem import NotFound, Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response
from synfonium.kernel.refusals import MethodNotAllowed

PREFIX = "/drive/tus"
EXTENSIONS = b"creation,creation-with-upload,termination,expiration,checksum"
SPOKEN: Headers = [(b"tus-resumable", VERSION.encode()), (b"cache-control", b"no-store")]
Answer = tuple[int, Headers]


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: DriveService = context.service
    uploading = Uploading(service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers = await _answer(context, uploading, scope, receive)
        except Problem as problem:
            status, headers, body = problem_response(scope, problem, context.pages)
            await respond(send, status, [*headers, *SPOKEN], b"" if scope["method"] == "HEAD" else body)
            return
        await respond(send, status, [*headers, *SPOKEN])

    return app


async def _answer(context: Context, uploading: Uploading, scope: Scope, receive: Receive) -> Answer:
    if scope["type"] != "http":
        raise MethodNotAllowed
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    method = (headers.get("x-http-method-override") or str(scope["method"])).upper()
    if method == "OPTIONS":
        return 204, _spoken(uploading)
    actor = await context.authenticate(scope)
    if actor is None:
        raise SignInNeeded
    if headers.get("tus-resumable") != VERSION:
        raise BadVersion
    name = raw_path(scope).decode("ascii", "replace").removeprefix(PREFIX).removeprefix("/")
    if name and not name.isalnum():
        raise NotFound
    request = TusRequest(actor, name, headers, receive)
    operations: dict[str, Callable[[TusRequest], Awaitable[Answer]]] = (
        {"HEAD": uploading.look, "PATCH": uploading.go_on, "DELETE": uploading.give_up}
        if name
        else {"POST": uploading.begin}
    )
    if method not in operations:
        raise MethodNotAllowed
    return await operations[method](request)


def _spoken(uploading: Uploading) -> Headers:
    most = uploading.most_bytes
    return [
        (b"tus-version", VERSION.encode()),
        (b"tus-extension", EXTENSIONS),
        (b"tus-checksum-algorithm", ",".join(ALGORITHMS).encode()),
        *([(b"tus-max-size", b"%d" % most)] if most else []),
    ]
