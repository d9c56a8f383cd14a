"""Keys that wrap other keys and lie with somebody else: in a file that an operator mounts, or in a service
that speaks the transit API of HashiCorp Vault and OpenBao. Whoever holds one can take it away."""

import asyncio
import base64
import binascii
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    import httpx

__all__ = ["Away", "KeyFile", "KeyWrapping", "Transit", "Withdrawn", "wrapping_of"]

T = TypeVar("T")
_KEY_BYTES = 32
_NONCE_BYTES = 12
_FILE_BYTES = 1024
_ANSWER_S = 5.0
_ANSWER_BYTES = 64 * 1024


class Withdrawn(Exception):
    """The key is gone, or whoever holds it refuses."""


class Away(Exception):
    """Whoever holds the key cannot be reached just now."""


class KeyWrapping(Protocol):
    """Wraps small secrets, bound to what they are for. Both raise Withdrawn and Away; `unwrap` raises
    Withdrawn also for what was wrapped by another key, or for something else."""

    async def wrap(self, secret: bytes, *, purpose: str) -> bytes: ...
    async def unwrap(self, wrapped: bytes, *, purpose: str) -> bytes: ...


def wrapping_of(address: str) -> KeyWrapping:
    """`file:/path`, or `transit:https://HOST:PORT/v1/transit/KEY?token_file=/path[&trust=/path]`.

    Raises ValueError."""
    kind, _, rest = address.partition(":")
    if kind == "file" and rest.startswith("/"):
        return KeyFile(Path(rest))
    url = urlsplit(rest)
    said = parse_qs(url.query)
    mount, _, key = url.path.rpartition("/")
    if kind == "transit" and url.scheme in ("http", "https") and mount and key and "token_file" in said:
        trust = said.get("trust", [""])[0]
        return Transit(f"{url.scheme}://{url.netloc}{mount}", key, Path(said["token_file"][0]), trust)
    raise ValueError(f"no address of a key: {kind}")


class KeyFile:
    """A key of 32 bytes as 64 hexadecimal digits (AES-256-GCM; a nonce of 12 bytes stands before). It is
    read each time: without the file, or with another key in it, nothing is unwrapped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def wrap(self, secret: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + (await self._cipher()).encrypt(nonce, secret, purpose.encode())

    async def unwrap(self, wrapped: bytes, *, purpose: str) -> bytes:
        try:
            cipher = await self._cipher()
            return cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise Withdrawn("it is another key") from None

    async def _cipher(self) -> AESGCM:
        try:
            key = bytes.fromhex(await asyncio.to_thread(self._read))
        except (OSError, ValueError):
            raise Withdrawn("the key file is gone") from None
        if len(key) != _KEY_BYTES:
            raise Withdrawn("the key file holds no key")
        return AESGCM(key)

    def _read(self) -> str:
        with self._path.open("rb") as file:
            return file.read(_FILE_BYTES).decode("ascii")


class _Wrapped(msgspec.Struct):
    ciphertext: str


class _Unwrapped(msgspec.Struct):
    plaintext: str


class _WrapAnswer(msgspec.Struct):
    data: _Wrapped


class _UnwrapAnswer(msgspec.Struct):
    data: _Unwrapped


class Transit:
    """POST `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`, with `associated_data`; the key is of a kind
    that takes it (aes256-gcm96, which is the default). token_file: read at each request, so that whoever
    renews it needs tell nobody. trust: a PEM file of who vouches for a private server; empty: the usual."""

    def __init__(self, mount: str, key: str, token_file: Path, trust: str = "") -> None:
        self._mount, self._key, self._token_file, self._trust = mount, key, token_file, trust

    async def wrap(self, secret: bytes, *, purpose: str) -> bytes:
        body = {"plaintext": _base64(secret), "associated_data": _base64(purpose.encode())}
        answer = await self._ask("encrypt", body)
        return _read(answer, _WrapAnswer).data.ciphertext.encode()

    async def unwrap(self, wrapped: bytes, *, purpose: str) -> bytes:
        body = {
            "ciphertext": wrapped.decode("ascii", "replace"),
            "associated_data": _base64(purpose.encode()),
        }
        answer = await self._ask("decrypt", body)
        try:
            return base64.b64decode(_read(answer, _UnwrapAnswer).data.plaintext, validate=True)
        except binascii.Error:
            raise Away("no answer of a key service") from None

    async def _ask(self, act: str, body: dict[str, str]) -> bytes:
        import httpx  # which few need

        try:
            token = (await asyncio.to_thread(self._token_file.read_text)).strip()
        except OSError:
            raise Withdrawn("the token is gone") from None
        verify = await asyncio.to_thread(ssl.create_default_context, cafile=self._trust or None)
        url, headers = f"{self._mount}/{act}/{self._key}", {"x-vault-token": token}
        try:
            async with (
                httpx.AsyncClient(timeout=_ANSWER_S, verify=verify, trust_env=False) as client,
                client.stream("POST", url, json=body, headers=headers) as answer,
            ):
                return await _content(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
            raise Away(type(failure).__name__) from None


async def _content(answer: "httpx.Response") -> bytes:
    # 412 and 429 pass: the server is behind its leader, or has too much to do.
    if 400 <= answer.status_code < 500 and answer.status_code not in (408, 412, 429):
        raise Withdrawn(f"refused: {answer.status_code}")
    if answer.status_code != 200:
        raise Away(f"{answer.status_code}")
    content = b""
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > _ANSWER_BYTES:
            raise Away("no answer of a key service")
    return content


def _read(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        raise Away("no answer of a key service") from None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
