"""Messages with known lengths (RFC 9292, section 3.1), padded with zeros (section 3.8)."""

from synfonium.libraries.binary_http.words import KNOWN_REQUEST, KNOWN_RESPONSE, Fields, Request, Response


def encode_request(request: Request, *, pad_to: int = 1) -> bytes:
    """pad_to: the length becomes a multiple of it. Raises ValueError for what is no ASCII."""
    control = (request.method, request.scheme, request.authority, request.path)
    head = varint(KNOWN_REQUEST) + b"".join(_piece(one.encode("ascii")) for one in control)
    return _padded(head + _rest(request.headers, request.body), pad_to)


def encode_response(response: Response, *, pad_to: int = 1) -> bytes:
    """pad_to: the length becomes a multiple of it."""
    head = varint(KNOWN_RESPONSE) + varint(response.status)
    return _padded(head + _rest(response.headers, response.body), pad_to)


def _rest(headers: Fields, body: bytes) -> bytes:
    """Headers, content and no trailers."""
    fields = b"".join(_piece(name.lower()) + _piece(value) for name, value in headers)
    return _piece(fields) + _piece(body) + varint(0)


def _piece(content: bytes) -> bytes:
    return varint(len(content)) + content


def _padded(message: bytes, pad_to: int) -> bytes:
    return message + b"\0" * (-len(message) % pad_to)


def varint(number: int) -> bytes:
    """A variable-length integer (RFC 9000, section 16)."""
    for length, prefix in ((1, 0x00), (2, 0x40), (4, 0x80), (8, 0xC0)):
        if number < 1 << (8 * length - 2):
            encoded = bytearray(number.to_bytes(length, "big"))
            encoded[0] |= prefix
            return bytes(encoded)
    raise ValueError("larger than a variable-length integer can be")
