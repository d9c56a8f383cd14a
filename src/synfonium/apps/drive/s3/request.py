"""One request: who asks by which key, and for which bucket and key."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import msgspec

from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.s3.body import Body
from synfonium.apps.drive.s3.refusals import Refused
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.described import Described
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, raw_path, respond
from synfonium.libraries.sigv4 import BadSignature, Chain, parse_claim, split_query

__all__ = ["SPACE", "Found", "S3Request", "open_request", "split_key"]

SPACE = "drive"
"""The bucket that is the whole space; each folder of its top is a bucket besides."""

PREFIX, WHOLE = b"/s3", b"/s3drive"
"""WHOLE: where the whole space is the one bucket, for clients that take a path's first name for it."""
MOST_KEY_BYTES = 1024
XML_BODY_BYTES = 4 * 1024 * 1024
XML: Headers = [(b"content-type", b"application/xml")]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a key names, and what S3 keeps with it."""

    node: Node
    described: Described

    @property
    def current(self) -> Described:
        return self.described.current(self.node)

    @property
    def etag(self) -> str:
        return self.described.etag_of(self.node) if self.node.is_file else EMPTY_MD5


EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


class S3Request:
    """A request whose signature holds."""

    def __init__(
        self,
        service: DriveService,
        actor: Person,
        place: tuple[str, str],
        asked: "Asked",
        chain: Chain,
        receive: Receive,
        send: Send,
    ) -> None:
        self.service, self.actor, (self.bucket, self.key) = service, actor, place
        self.method, self.headers, self.query = asked.method, asked.headers, asked.query
        self._chain, self._receive, self._send = chain, receive, send

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def has(self, name: str) -> bool:
        """Whether the query names a part of the resource."""
        return name in self.query

    def body(self, *, also: str = "") -> Body:
        """also: a kind of checksum that is wanted besides those that the client sends."""
        return Body(self.headers, self._receive, self._chain, also=also)

    async def small_body(self, *, has_sums: bool = True) -> bytes:
        """has_sums: whether checksums of the request are of its body. Raises Refused."""
        whole, headers = bytearray(), self.headers
        if not has_sums:
            headers = {n: v for n, v in headers.items() if not n.startswith("x-amz-checksum-")}
        try:
            async for piece in Body(headers, self._receive, self._chain).pieces():
                whole += piece
                if len(whole) > XML_BODY_BYTES:
                    raise Refused("MalformedXML", "The XML is longer than is read.")
        except ConnectionError:
            raise Refused("IncompleteBody") from None
        return bytes(whole)

    async def bucket_node(self, bucket: str | None = None) -> NodeId:
        """Raises Refused for a bucket that is not there."""
        bucket = self.bucket if bucket is None else bucket
        names = () if bucket == SPACE else (bucket,)
        path = await self.service.tree.resolve(self.actor, names)
        if len(path) <= len(names) or path[-1].is_file:
            raise Refused("NoSuchBucket", "The specified bucket does not exist")
        return path[-1].id

    async def path(self, bucket: str, key: str) -> list[Node]:
        """The nodes along a key, the bucket first, as far as they are there. Raises Refused."""
        names = () if bucket == SPACE else (bucket,)
        path = await self.service.tree.resolve(self.actor, (*names, *split_key(key)))
        if len(path) <= len(names) or path[len(names)].is_file:
            raise Refused("NoSuchBucket", "The specified bucket does not exist")
        return path[len(names) :]

    async def find(self, bucket: str | None = None, key: str | None = None) -> Found | None:
        """What a key names now. Raises Refused for a bucket that is not there."""
        bucket, key = self.bucket if bucket is None else bucket, self.key if key is None else key
        try:
            names = split_key(key)
        except Refused:
            await self.bucket_node(bucket)
            return None
        path = await self.path(bucket, key)
        if len(path) != len(names) + 1 or path[-1].is_file == key.endswith("/"):
            return None
        described = (await self.service.describing.of([path[-1].id])).get(path[-1].id)
        if described is not None and described.is_implied:
            return None
        return Found(node=path[-1], described=described or Described())

    async def found(self) -> Found:
        """Raises Refused."""
        found = await self.find()
        if found is None:
            raise Refused("NoSuchKey", "The specified key does not exist.")
        return found

    async def answer(self, status: int, headers: Headers | None = None, body: bytes = b"") -> None:
        await respond(self._send, status, headers or [], b"" if self.method == "HEAD" else body)

    async def xml(self, body: bytes, status: int = 200) -> None:
        await self.answer(status, XML, body)

    async def start(self, status: int, headers: Headers) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def piece(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class Asked(msgspec.Struct, frozen=True):
    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]


async def open_request(service: DriveService, scope: Scope, receive: Receive, send: Send) -> S3Request:
    """Raises Refused for a request that is not signed, or not so."""
    path = raw_path(scope)
    place = _place(path)
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        kept, text = name.decode("latin-1"), value.decode("latin-1")
        headers[kept] = f"{headers[kept]},{text}" if kept in headers else text
    try:
        query = split_query(scope.get("query_string", b""))
        claim = parse_claim(headers, query)
        if claim is None:
            raise Refused("AccessDenied", "A signature is needed.")
        if claim.service != "s3":
            raise Refused("SignatureDoesNotMatch", "The credential is of another service.")
        asking = await service.s3_keys.asking(claim.key_id)
        if asking is None:
            raise Refused("InvalidAccessKeyId", "The access key you provided does not exist in our records.")
        claim.check_time(service.room.now_s())
        payload = _payload(headers, is_presigned=claim.expires_s is not None)
        chain = claim.check(asking.secret, scope["method"], path, query, headers, payload)
    except BadSignature as bad:
        raise Refused(bad.code, str(bad)) from None
    asked = Asked(scope["method"], headers, dict(query))
    return S3Request(service, asking.person, place, asked, chain, receive, send)


def _payload(headers: Mapping[str, str], *, is_presigned: bool) -> str:
    said = headers.get("x-amz-content-sha256", "")
    if not said and not is_presigned:
        raise Refused("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    return said or "UNSIGNED-PAYLOAD"


def _place(path: bytes) -> tuple[str, str]:
    """Bucket and key. Raises Refused for what is not UTF-8."""
    if path == WHOLE or path.startswith(WHOLE + b"/"):
        bucket, key = SPACE.encode(), path[len(WHOLE) + 1 :]
    else:
        bucket, _, key = path.removeprefix(PREFIX).removeprefix(b"/").partition(b"/")
    try:
        return unquote_to_bytes(bucket).decode(), unquote_to_bytes(key).decode()
    except UnicodeDecodeError:
        raise Refused("InvalidURI", "The URI is not UTF-8.") from None


def split_key(key: str) -> list[str]:
    """The names of a key; one slash at its end is a folder's. Raises Refused for what no tree can hold."""
    if len(key.encode()) > MOST_KEY_BYTES:
        raise Refused("KeyTooLongError", "Your key is too long")
    names = key.removesuffix("/").split("/")
    if any(name in ("", ".", "..") for name in names):
        raise Refused("InvalidObjectName", "A part of this key is empty, one dot or two.", 400)
    return names
