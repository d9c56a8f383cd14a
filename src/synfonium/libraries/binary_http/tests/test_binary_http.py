"""RFC 9292: its examples, both forms, and whatever a stranger may send."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.libraries.binary_http import (
    Malformed,
    Request,
    Response,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from synfonium.libraries.binary_http.writing import varint

FIELDS = (
    (b"user-agent", b"curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3"),
    (b"host", b"www.example.com"),
    (b"accept-language", b"en, mi"),
)
# Section 5.1: the same request with known, and with indeterminate lengths and ten bytes of padding.
KNOWN = bytes.fromhex(
    "00034745540568747470730"
    "00a2f68656c6c6f2e747874406c0a757365722d6167656e74346375726c2f372e31362e33206c6962"
    "6375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f7777772e6578616d706c"
    "652e636f6d0f6163636570742d6c616e677561676506656e2c206d690000"
)
INDETERMINATE = bytes.fromhex(
    "0203474554056874747073000a2f68656c6c6f2e7478740a757365722d6167656e74346375726c2f372e31362e33206c6962637572"
    "6c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f7777772e6578616d706c652e63"
    "6f6d0f6163636570742d6c616e677561676506656e2c206d6900000000000000000000000000"
)


def test_the_example_request_is_read_in_both_forms_and_written_in_one() -> None:
    request = Request(method="GET", scheme="https", path="/hello.txt", headers=FIELDS)
    assert decode_request(KNOWN) == decode_request(INDETERMINATE) == request
    assert encode_request(request) == KNOWN


def test_informational_responses_are_read_over() -> None:
    early = bytes.fromhex("0340660772756e6e696e670a22736c6565702031352200")  # 102, running: "sleep 15"
    final = varint(200) + b"\x04date\x03now\x00" + b"\x05hello\x02, \x00" + b"\x00"
    assert decode_response(early + final) == Response(
        status=200, headers=((b"date", b"now"),), body=b"hello, "
    )


def test_what_is_empty_at_the_end_may_be_left_out() -> None:
    assert decode_response(bytes.fromhex("0140c8")) == Response(status=200)
    assert decode_request(KNOWN[:-2]) == decode_request(KNOWN)


@given(st.binary(max_size=3000), st.sampled_from([1, 512, 8192]))
def test_what_is_written_is_read(body: bytes, pad_to: int) -> None:
    request = Request(method="POST", path="/search", headers=FIELDS, body=body)
    response = Response(status=404, headers=FIELDS, body=body)
    assert decode_request(encode_request(request, pad_to=pad_to)) == request
    assert decode_response(encode_response(response, pad_to=pad_to)) == response
    assert len(encode_response(response, pad_to=pad_to)) % pad_to == 0


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01",
        b"\x04",
        KNOWN + b"\1",
        KNOWN[:40],
        bytes.fromhex("0003474554ffffffffffffffff"),
        bytes.fromhex("00044720455405687474707300012f"),
        bytes.fromhex("000347455405687474707300032f2061"),
        bytes.fromhex("000347455405687474707300012f04014101610000"),
        bytes.fromhex("000347455405687474707300012f06016103610d0a0000"),
    ],
)
def test_what_is_not_well_formed_is_refused(message: bytes) -> None:
    with pytest.raises(Malformed):
        decode_request(message)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(message: bytes) -> None:
    for read in (decode_request, decode_response):
        with suppress(Malformed):
            read(message)


def test_no_change_of_a_message_does_harm() -> None:
    chance = random.Random(9292)
    for _ in range(3_000):
        message = bytearray(chance.choice((KNOWN, INDETERMINATE)))
        message[chance.randrange(len(message))] = chance.randrange(256)
        with suppress(Malformed):
            decode_request(bytes(message[: chance.randrange(len(message) + 1)]))
