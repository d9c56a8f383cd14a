"""A part of a bucket: the few requests that blobs are made of, bounded in time."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

from synfonium.common.problem import StorageFull

__all__ = ["Bucket", "Listed", "S3Address", "parse_s3"]

_TRIES = 5
_REQUEST_S = 60
_ALL_TRIES_S = 120
_CONNECT_S = 10
_DELETED_AT_ONCE = 500
_LISTED_AT_ONCE = 1000
# What servers say when there is no room: RFC 4918, Ceph, Amazon, MinIO.
_FULL = ("507 ", "QuotaExceeded", "InsufficientStorage", "StorageFull", "InsufficientCapacity")
_OPTIONS = frozenset({"endpoint", "region", "prefix"})


class S3Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where blobs are kept. endpoint: an origin, or empty for Amazon; prefix: before each key."""

    bucket: str
    endpoint: str = ""
    region: str = "us-east-1"
    prefix: str = ""
    key_id: str = ""
    key_file: str = ""
    trust: str = ""


class Listed(msgspec.Struct, frozen=True):
    """A key below the part that was listed, and when it was written last."""

    key: str
    modified_s: float


def parse_s3(url: str, *, key_id: str = "", key_file: str = "", trust: str = "") -> S3Address:
    """Reads `s3://bucket?endpoint=…&region=…&prefix=…`. Raises ValueError for anything else.

    key_file: holds the secret of key_id, and nothing else; neither given means the environment
    (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the machine's role. trust: PEM file.
    """
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme != "s3" or not parts.netloc or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("use s3://bucket?endpoint=https://…")
    if "@" in parts.netloc:
        raise ValueError("keys do not stand in the address; use blobs_key_id and blobs_key_file")
    if unknown := sorted(given.keys() - _OPTIONS):
        raise ValueError(f"unknown option {unknown[0]!r}; use endpoint, region, prefix")
    if not given.get("endpoint", "https://").startswith(("http://", "https://")):
        raise ValueError("endpoint must begin with https:// or http://")
    if bool(key_id) != bool(key_file):
        raise ValueError("blobs_key_id and blobs_key_file are given together")
    return S3Address(bucket=parts.netloc, key_id=key_id, key_file=key_file, trust=trust, **given)


class Bucket:
    """The keys below `folder`. Raises KeyError for an absent one, StorageFull, and OSError when the
    server cannot be reached, refuses, or does not answer in time."""

    def __init__(self, address: S3Address, folder: str) -> None:
        self._store = _open(address)
        self._folder = "/".join(part for part in (address.prefix.strip("/"), folder) if part)

    async def create(self, key: str, content: bytes) -> bool:
        """Writes what is not there yet; whether it did."""
        with _refusals(key):
            try:
                await obstore.put_async(
                    self._store, self._path(key), content, mode="create", use_multipart=False
                )
            except AlreadyExistsError:
                return False
        return True

    async def put(self, key: str, content: bytes) -> None:
        with _refusals(key):
            await obstore.put_async(self._store, self._path(key), content, use_multipart=False)

    async def get(self, key: str) -> bytes:
        with _refusals(key):
            return bytes(await (await obstore.get_async(self._store, self._path(key))).bytes_async())

    async def part(self, key: str, start: int, stop: int) -> bytes:
        """Bytes [start, stop), of which at least one is there."""
        with _refusals(key):
            return bytes(await obstore.get_range_async(self._store, self._path(key), start=start, end=stop))

    async def size_bytes(self, key: str) -> int:
        with _refusals(key):
            return (await obstore.head_async(self._store, self._path(key)))["size"]

    async def delete(self, keys: Sequence[str]) -> None:
        """Absent already is success."""
        for first in range(0, len(keys), _DELETED_AT_ONCE):
            paths = [self._path(key) for key in keys[first : first + _DELETED_AT_ONCE]]
            with _refusals(""):
                await obstore.delete_async(self._store, paths)

    async def listed(self, part: str) -> AsyncIterator[Listed]:
        folder = self._path(part)
        with _refusals(part):
            async for found in obstore.list(self._store, folder, chunk_size=_LISTED_AT_ONCE):
                for item in found:
                    key = item["path"].removeprefix(f"{folder}/")
                    yield Listed(key, item["last_modified"].timestamp())

    # For threads.

    def get_blocking(self, key: str) -> bytes:
        with _refusals(key):
            return bytes(obstore.get(self._store, self._path(key)).bytes())

    def part_blocking(self, key: str, start: int, stop: int) -> bytes:
        with _refusals(key):
            return bytes(obstore.get_range(self._store, self._path(key), start=start, end=stop))

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key}"


def _open(address: S3Address) -> S3Store:
    config: S3Config = {
        "bucket": address.bucket,
        "region": address.region,
        "virtual_hosted_style_request": not address.endpoint,
    }
    if address.endpoint:
        config["endpoint"] = address.endpoint
    if address.key_id:
        config["access_key_id"] = address.key_id
        config["secret_access_key"] = Path(address.key_file).read_text().strip()
    client: ClientConfig = {
        "allow_http": address.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=_CONNECT_S),
        "timeout": timedelta(seconds=_REQUEST_S),
    }
    if address.trust:
        client["root_certificate"] = Path(address.trust).read_bytes()
    retry: RetryConfig = {"max_retries": _TRIES, "retry_timeout": timedelta(seconds=_ALL_TRIES_S)}
    return S3Store(config=config, client_options=client, retry_config=retry)


@contextmanager
def _refusals(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise KeyError(key) from None
    except BaseError as error:
        # The library tells the server's answer in words alone.
        if any(word in str(error) for word in _FULL):
            raise StorageFull from None
        raise OSError(f"the blobs' S3 server: {type(error).__name__}: {_said(str(error))}") from None


def _said(text: str) -> str:
    """What went wrong, without the request: no address of a key, no signature."""
    for code in ("AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "NoSuchBucket", "SlowDown"):
        if code in text:
            return code
    return "timed out" if "timed out" in text else "no good answer"
