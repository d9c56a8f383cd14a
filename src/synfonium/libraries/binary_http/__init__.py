"""Binary representation of HTTP messages (RFC 9292): requests and responses as one piece of bytes.

Both forms are read, with known and with indeterminate lengths; the one with known lengths is written.
Trailers and informational responses are read over. What is not well formed raises Malformed.
"""

from synfonium.libraries.binary_http.reading import Malformed, decode_request, decode_response
from synfonium.libraries.binary_http.words import Fields, Request, Response
from synfonium.libraries.binary_http.writing import encode_request, encode_response

__all__ = [
    "Fields",
    "Malformed",
    "Request",
    "Response",
    "decode_request",
    "decode_response",
    "encode_request",
    "encode_response",
]
