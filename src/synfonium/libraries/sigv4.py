"""AWS Signature Version 4, from the side that checks: headers, presigned queries and signed chunks."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes

import msgspec

__all__ = ["EMPTY_SHA256", "BadSignature", "Chain", "Claim", "parse_claim", "signing_key", "split_query"]

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
MOST_PRESIGNED_S = 7 * 86_400
SKEW_S = 15 * 60
_MOST_PARAMETERS = 100
_SIGNATURE = "X-Amz-Signature"
Query = Sequence[tuple[str, str]]


class BadSignature(ValueError):
    """`code` is S3's word for what is wrong."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its own signature. time: as signed, `20261128T120000Z`."""

    key_id: str
    day: str
    region: str
    service: str
    time: str
    signed: tuple[str, ...]
    signature: str
    expires_s: int | None = None

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"

    @property
    def signed_s(self) -> float:
        """Raises BadSignature."""
        try:
            return datetime.strptime(self.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise BadSignature("AccessDenied", "the request's date is none") from None

    def check_time(self, now_s: float) -> None:
        """Raises BadSignature for one that was signed too long ago, or for later."""
        if not self.time.startswith(self.day):
            raise BadSignature("SignatureDoesNotMatch", "the credential is of another day")
        age_s = now_s - self.signed_s
        if self.expires_s is not None:
            if age_s > self.expires_s:
                raise BadSignature("AccessDenied", "Request has expired")
            age_s = min(age_s, 0.0)
        if abs(age_s) > SKEW_S:
            raise BadSignature("RequestTimeTooSkewed", "the clocks differ by more than 15 minutes")

    def check(
        self, secret: str, method: str, path: bytes, query: Query, headers: Mapping[str, str], payload: str
    ) -> "Chain":
        """payload: what the request says of its body's hash. Raises BadSignature; gives what the signatures
        of the body's chunks hang on."""
        asked = [
            method,
            _canonical_path(path),
            _canonical_query([pair for pair in query if pair[0] != _SIGNATURE]),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in self.signed),
            "",
            ";".join(self.signed),
            payload,
        ]
        digest = hashlib.sha256("\n".join(asked).encode("utf-8", "surrogateescape")).hexdigest()
        key = signing_key(secret, self.day, self.region, self.service)
        wanted = _sign(key, f"{ALGORITHM}\n{self.time}\n{self.scope}\n{digest}")
        if not hmac.compare_digest(wanted.encode(), self.signature.encode()):
            raise BadSignature("SignatureDoesNotMatch", "the signature is not that of this request")
        return Chain(key, self.time, self.scope, wanted)


class Chain:
    """The signatures of a body in chunks: each hangs on the one before."""

    def __init__(self, key: bytes, time: str, scope: str, seed: str) -> None:
        self._key, self._time, self._scope, self._last = key, time, scope, seed

    def check_chunk(self, digest: str, signature: str) -> None:
        """digest: SHA-256 of the chunk. Raises BadSignature."""
        self._check("PAYLOAD", [EMPTY_SHA256, digest], signature)

    def check_trailer(self, trailer: bytes, signature: str) -> None:
        """trailer: its lines as `name:value\\n`. Raises BadSignature."""
        self._check("TRAILER", [hashlib.sha256(trailer).hexdigest()], signature)

    def _check(self, kind: str, digests: Sequence[str], signature: str) -> None:
        said = [f"{ALGORITHM}-{kind}", self._time, self._scope, self._last, *digests]
        wanted = _sign(self._key, "\n".join(said))
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            raise BadSignature("SignatureDoesNotMatch", "a chunk's signature is wrong")
        self._last = wanted


def parse_claim(headers: Mapping[str, str], query: Query) -> Claim | None:
    """The claim of a request by its header or its query; None for a request that is not signed.

    Raises BadSignature.
    """
    given = dict(query)
    if "X-Amz-Algorithm" in given or _SIGNATURE in given:
        if "authorization" in headers:
            raise BadSignature("InvalidArgument", "signed twice")
        return _by_query(given, headers)
    authorization = headers.get("authorization", "")
    if not authorization:
        return None
    kind, _, rest = authorization.partition(" ")
    if kind != ALGORITHM:
        raise BadSignature("InvalidArgument", "only signature version 4 is understood")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if fields.keys() != {"Credential", "SignedHeaders", "Signature"}:
        raise BadSignature("AuthorizationHeaderMalformed", "the authorization header is malformed")
    time = headers.get("x-amz-date", "")
    if not time:
        raise BadSignature("AccessDenied", "x-amz-date is needed")
    return _claim(fields["Credential"], fields["SignedHeaders"], fields["Signature"], time, headers)


def _by_query(given: Mapping[str, str], headers: Mapping[str, str]) -> Claim:
    names = ("X-Amz-Credential", "X-Amz-SignedHeaders", _SIGNATURE, "X-Amz-Date", "X-Amz-Expires")
    if given.get("X-Amz-Algorithm") != ALGORITHM or any(name not in given for name in names):
        raise BadSignature("AuthorizationQueryParametersError", "the query is not that of a signed request")
    credential, signed, signature, time, expires = (given[name] for name in names)
    if not (expires.isascii() and expires.isdigit() and 0 < int(expires[:8]) <= MOST_PRESIGNED_S):
        raise BadSignature("AuthorizationQueryParametersError", "X-Amz-Expires is 1 to 604800 seconds")
    claim = _claim(credential, signed, signature, time, headers)
    return msgspec.structs.replace(claim, expires_s=int(expires))


def _claim(credential: str, signed: str, signature: str, time: str, headers: Mapping[str, str]) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not all(parts):
        raise BadSignature("AuthorizationHeaderMalformed", "the credential is malformed")
    names = tuple(signed.split(";"))
    if "host" not in names or list(names) != sorted(set(names)):
        raise BadSignature("AuthorizationHeaderMalformed", "the signed headers are malformed")
    # What S3 reads and nobody signed, somebody else may have put there.
    loose = [name for name in headers if name.startswith("x-amz-") and name not in names]
    if loose:
        raise BadSignature("AccessDenied", f"the header {loose[0]} is not signed")
    return Claim(
        key_id=parts[0],
        day=parts[1],
        region=parts[2],
        service=parts[3],
        time=time,
        signed=names,
        signature=signature,
    )


def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def split_query(raw: bytes) -> list[tuple[str, str]]:
    """Decoded pairs in their order, a plus sign kept. Raises BadSignature for very many."""
    parts = [part for part in raw.split(b"&") if part]
    if len(parts) > _MOST_PARAMETERS:
        raise BadSignature("InvalidRequest", "too many parameters")
    pairs = (part.partition(b"=") for part in parts)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")


def _canonical_path(path: bytes) -> str:
    return "/".join(_encoded(unquote_to_bytes(part)) for part in path.split(b"/"))


def _canonical_query(query: Query) -> str:
    raw = [[part.encode("utf-8", "surrogateescape") for part in pair] for pair in query]
    return "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in raw))


def _encoded(raw: bytes) -> str:
    return quote(raw, safe="-._~")


def _sign(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
