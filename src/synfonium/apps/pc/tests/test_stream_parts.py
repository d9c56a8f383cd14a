"""Messages of the stream, and how much picture may be on its way."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.pc.model import frames
from synfonium.apps.pc.stream.flow import Flow


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        b"\x63abc",
        bytes((frames.KEY,)),
        bytes((frames.KEY, 1, 0, 0, 0, 97, 0, 0)),
        bytes((frames.TEXT,)),
        bytes((frames.STRIPE,)) * 5,
        bytes((frames.TEXT,)) + b"a" * frames.MAX_INPUT_BYTES,
    ],
)
def test_a_malformed_message_is_no_input(message: bytes) -> None:
    assert not frames.is_input(message)


def test_input_is_read_as_it_was_written() -> None:
    key = struct.pack(">BBIB", frames.KEY, 1, 0x010020AC, 0)
    assert frames.is_input(key)
    assert frames.read_key(key) == (True, 0x010020AC, False)
    assert frames.read_pointer(struct.pack(">BHH", frames.POINTER, 1279, 719)) == (1279, 719)
    assert frames.read_wheel(struct.pack(">Bbb", frames.WHEEL, -1, 3)) == (-1, 3)
    assert frames.read_text(bytes((frames.TEXT,)) + "été".encode()) == "été"


@given(st.binary(max_size=64))
def test_whatever_passes_for_input_can_be_read(message: bytes) -> None:
    readers = {
        frames.KEY: frames.read_key,
        frames.POINTER: frames.read_pointer,
        frames.BUTTON: frames.read_button,
        frames.WHEEL: frames.read_wheel,
        frames.PING: frames.read_ping,
        frames.ACKNOWLEDGE: frames.read_acknowledge,
    }
    if frames.is_input(message) and message[0] in readers:
        readers[message[0]](message)


def test_a_browser_that_keeps_up_gets_everything() -> None:
    flow = Flow(window_frames=4)
    for frame in range(100):
        assert flow.admits(frame, 0, frame == 0)
        assert flow.admits(frame, 360, frame == 0)
        assert not flow.acknowledge(frame)


def test_a_browser_that_never_acknowledges_gets_a_window_and_no_more() -> None:
    flow = Flow(window_frames=4)
    assert [flow.admits(frame, 0, frame == 0) for frame in range(20)] == [True] * 4 + [False] * 16


def test_after_leaving_out_frames_only_whole_pictures_are_sent_first() -> None:
    flow = Flow(window_frames=4)
    for frame in range(6):
        flow.admits(frame, 0, frame == 0)
        flow.admits(frame, 360, frame == 0)
    assert flow.acknowledge(3)
    assert not flow.admits(7, 0, False)
    assert flow.admits(8, 0, True)
    assert not flow.admits(8, 360, False)
    assert flow.admits(9, 360, True)
    assert flow.admits(10, 0, False)


def test_an_acknowledgement_of_a_frame_never_sent_changes_nothing() -> None:
    flow = Flow(window_frames=2)
    assert flow.admits(0, 0, True)
    assert not flow.acknowledge(777)
    assert flow.admits(1, 0, False)
    assert not flow.admits(2, 0, False)
