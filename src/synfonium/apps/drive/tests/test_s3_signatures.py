"""The S3 API opens to a right signature alone; the signer is botocore's."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from synfonium.apps.drive.s3 import asgi_app
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.s3_keys import NewKey
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.kernel.actor import Person

HOST = "http://localhost"
Client = httpx.AsyncClient


@pytest.fixture
async def key(house: House, drive: DriveService, ada: Person) -> NewKey:
    house.clock.time_s = time.time()
    return await drive.s3_keys.make(ada, "laptop", may_write=True, days=30)


@pytest.fixture
async def client(house: House, key: NewKey) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app=asgi_app(house.context))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


def signed(
    key: NewKey,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    region: str = "us-east-1",
    service: str = "s3",
    expires_s: int | None = None,
    secret: str = "",
) -> httpx.Request:
    """A request as an SDK would send it."""
    credentials = Credentials(key.key.id, secret or key.secret)
    request = AWSRequest(method=method, url=f"{HOST}{path}", data=body, headers=headers or {})
    if expires_s is not None:
        S3SigV4QueryAuth(credentials, service, region, expires=expires_s).add_auth(request)
    else:
        S3SigV4Auth(credentials, service, region).add_auth(request)
    prepared = request.prepare()
    return httpx.Request(method, prepared.url, content=body, headers=dict(prepared.headers))


def changed(request: httpx.Request, **headers: str) -> httpx.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Request(
        request.method, request.url, content=request.content, headers={**dict(request.headers), **named}
    )


def code(answer: httpx.Response) -> str:
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


async def test_a_right_signature_opens_and_its_content_is_there(
    client: Client, key: NewKey, hand: Hand
) -> None:
    put = await client.send(signed(key, "PUT", "/s3/drive/a%20b/%C3%A9~%2B.txt", body=b"hello"))
    assert put.status_code == 200, put.text
    assert put.headers["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    got = await client.send(signed(key, "GET", "/s3/drive/a%20b/%C3%A9~%2B.txt"))
    assert got.content == b"hello"


@pytest.mark.parametrize("name", ["x-amz-date", "host", "x-amz-meta-colour", "x-amz-content-sha256"])
async def test_a_header_that_was_signed_cannot_be_changed(client: Client, key: NewKey, name: str) -> None:
    request = signed(key, "PUT", "/s3/drive/f", body=b"x", headers={"x-amz-meta-colour": "red"})
    later = datetime.now(UTC).strftime("%Y%m%dT%H%M") + "59Z"
    value = {"x-amz-date": later, "host": "evil", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}.get(
        name, "blue"
    )
    answer = await client.send(changed(request, **{name: value}))
    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")


async def test_a_header_that_was_not_signed_cannot_be_added(client: Client, key: NewKey) -> None:
    request = signed(key, "PUT", "/s3/drive/f", body=b"x")
    for extra in ({"x-amz-meta-a": "b"}, {"x-amz-copy-source": "/drive/other"}, {"x-amz-acl": "private"}):
        answer = await client.send(changed(request, **extra))
        assert (answer.status_code, code(answer)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("us-east-1", "eu-west-3"),
        ("/s3/aws4", "/sts/aws4"),
        ("Signature=", "Signature=0"),
        ("SignedHeaders=host;", "SignedHeaders="),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("Credential=SYN", "Credential=SYM"),
    ],
)
async def test_no_part_of_the_authorization_can_be_changed(
    client: Client, key: NewKey, old: str, new: str
) -> None:
    request = signed(key, "GET", "/s3/")
    said = request.headers["authorization"]
    assert old in said
    answer = await client.send(changed(request, authorization=said.replace(old, new, 1)))
    assert answer.status_code in (400, 403)
    assert code(answer) != "AccessDenied" or new == "SignedHeaders="


@pytest.mark.parametrize(
    "path",
    ["/s3/drive/other", "/s3/drive/f/../other", "/s3/drive/f?versionId=null", "/s3/drive//f", "/s3/drive/f/"],
)
async def test_neither_path_nor_query_can_be_changed(client: Client, key: NewKey, path: str) -> None:
    request = signed(key, "GET", "/s3/drive/f")
    answer = await client.send(httpx.Request("GET", f"{HOST}{path}", headers=request.headers))
    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")


async def test_another_method_needs_another_signature(client: Client, key: NewKey) -> None:
    request = signed(key, "GET", "/s3/drive/f")
    answer = await client.send(httpx.Request("DELETE", request.url, headers=request.headers))
    assert code(answer) == "SignatureDoesNotMatch"


async def test_a_request_cannot_be_sent_again_after_fifteen_minutes(
    client: Client, key: NewKey, house: House
) -> None:
    request = signed(key, "GET", "/s3/")
    house.clock.time_s = time.time() + 14 * 60
    assert (await client.send(request)).status_code == 200
    house.clock.time_s = time.time() + 16 * 60
    assert code(await client.send(request)) == "RequestTimeTooSkewed"
    house.clock.time_s = time.time() - 16 * 60
    assert code(await client.send(request)) == "RequestTimeTooSkewed"


async def test_a_presigned_link_opens_until_it_expires_and_no_other_key(
    client: Client, key: NewKey, hand: Hand, house: House
) -> None:
    await hand.file("f", b"shown")
    request = signed(key, "GET", "/s3/drive/f", expires_s=60)
    assert (await client.get(request.url)).content == b"shown"
    longer = str(request.url).replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    assert code(await client.get(longer)) == "SignatureDoesNotMatch"
    other = str(request.url).replace(urlsplit(str(request.url)).path, "/s3/drive/g")
    assert code(await client.get(other)) == "SignatureDoesNotMatch"
    house.clock.time_s = time.time() + 61
    assert (await client.get(request.url)).status_code == 403
    weeks = signed(key, "GET", "/s3/drive/f", expires_s=700_000)
    assert code(await client.get(weeks.url)) == "AuthorizationQueryParametersError"


async def test_a_body_that_is_not_the_signed_one_leaves_nothing(
    client: Client, key: NewKey, hand: Hand
) -> None:
    request = signed(key, "PUT", "/s3/drive/dir/f", body=b"hello")
    other = httpx.Request("PUT", request.url, content=b"HELLO", headers=request.headers)
    assert code(await client.send(other)) == "XAmzContentSHA256Mismatch"
    assert await hand.names() == []


async def test_whoever_does_not_sign_gets_nothing(client: Client, key: NewKey) -> None:
    for method, path in (
        ("GET", "/s3/"),
        ("PUT", "/s3/drive/f"),
        ("GET", "/s3/drive/f"),
        ("POST", "/s3/drive"),
    ):
        answer = await client.request(method, path)
        assert (answer.status_code, code(answer)) == (403, "AccessDenied")


async def test_a_key_that_was_taken_back_or_has_ended_opens_nothing(
    client: Client, key: NewKey, drive: DriveService, ada: Person, house: House
) -> None:
    house.clock.time_s = time.time() + 31 * 86_400
    assert code(await client.send(signed(key, "GET", "/s3/"))) == "InvalidAccessKeyId"
    house.clock.time_s = time.time()
    assert (await client.send(signed(key, "GET", "/s3/"))).status_code == 200
    await drive.s3_keys.revoke(ada, key.key.id)
    assert code(await client.send(signed(key, "GET", "/s3/"))) == "InvalidAccessKeyId"


async def test_a_key_of_somebody_suspended_opens_nothing(client: Client, key: NewKey, house: House) -> None:
    house.people["ada"] = Person(id=house.people["ada"].id, name="suspended", display="")
    assert code(await client.send(signed(key, "GET", "/s3/"))) == "InvalidAccessKeyId"


async def test_a_key_that_may_only_read_writes_nothing(
    client: Client, drive: DriveService, ada: Person, hand: Hand
) -> None:
    await hand.file("f", b"x")
    reader = await drive.s3_keys.make(ada, "reader", may_write=False, days=0)
    assert (await client.send(signed(reader, "GET", "/s3/drive/f"))).content == b"x"
    for method, path in (("PUT", "/s3/drive/g"), ("DELETE", "/s3/drive/f"), ("PUT", "/s3/new-bucket")):
        assert code(await client.send(signed(reader, method, path))) == "AccessDenied"
    assert await hand.names() == ["f"]


async def test_another_persons_key_reaches_nothing_of_ada(
    client: Client, drive: DriveService, house: House, hand: Hand
) -> None:
    await hand.file("f", b"x")
    bob = await drive.s3_keys.make(house.person("bob"), "bob", may_write=True, days=0)
    assert code(await client.send(signed(bob, "GET", "/s3/drive/f"))) == "NoSuchKey"


async def test_the_secret_is_kept_sealed(drive: DriveService, key: NewKey, house: House) -> None:
    rows = await house.context.database.read(
        lambda c: c.exec_driver_sql("SELECT * FROM drive_s3_key").fetchall()
    )
    assert key.secret.encode() not in repr(rows).encode()
    assert len(rows) == 1


async def sent_raw(
    house: House, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, str]:
    """Status and answer of a path that no client leaves as it is."""
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await asgi_app(house.context)(scope, receive, send)
    return said[0]["status"], b"".join(message.get("body", b"") for message in said).decode()


@pytest.mark.parametrize("key_path", ["..", "a/../b", ".", "a//b", "/a", "a/%00", "a/" + "x" * 256, "a%5Cb"])
async def test_a_key_that_no_tree_can_hold_is_refused_and_makes_nothing(
    key: NewKey, house: House, hand: Hand, key_path: str
) -> None:
    request = AWSRequest(method="PUT", url=f"{HOST}/s3/drive/{key_path}", data=b"x")
    S3SigV4Auth(Credentials(key.key.id, key.secret), "s3", "us-east-1").add_auth(request)
    headers = {**dict(request.headers), "host": "localhost", "content-length": "1"}
    status, answer = await sent_raw(house, "PUT", f"/s3/drive/{key_path}", headers, b"x")
    assert (status, "InvalidObjectName" in answer) == (400, True), answer
    assert await hand.names() == []
