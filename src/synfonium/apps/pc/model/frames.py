"""Messages between streamer, gateway and browser (docs/decisions/0006-pc-stream.md).

A message is one byte that says its kind, then its body; all numbers are big-endian. On
the socket between gateway and streamer each message has its length in 4 bytes before it;
a WebSocket frames by itself.
"""

import struct

MAX_INPUT_BYTES = 4096
MAX_PICTURE_BYTES = 8 << 20
LENGTH = struct.Struct(">I")

# From the browser.
KEY, TEXT, POINTER, BUTTON, WHEEL, PING, ACKNOWLEDGE, RELEASE = range(1, 9)
# From the streamer.
HELLO, STRIPE, PONG = 65, 66, 67

_KEY = struct.Struct(">BBIB")
_POINTER = struct.Struct(">BHH")
_BUTTON = struct.Struct(">BBB")
_WHEEL = struct.Struct(">Bbb")
_PING = struct.Struct(">BI")
_ACKNOWLEDGE = struct.Struct(">BH")
_HELLO = struct.Struct(">BHH")
_SIZES = {
    KEY: _KEY.size, POINTER: _POINTER.size, BUTTON: _BUTTON.size, WHEEL: _WHEEL.size, PING: _PING.size,
    ACKNOWLEDGE: _ACKNOWLEDGE.size, RELEASE: 1,
}  # fmt: skip


def is_input(message: bytes) -> bool:
    """Whether a browser's message has a kind we know and that kind's length."""
    if not message or len(message) > MAX_INPUT_BYTES:
        return False
    if message[0] == TEXT:
        return len(message) > 1
    return _SIZES.get(message[0]) == len(message)


def hello(width: int, height: int) -> bytes:
    return _HELLO.pack(HELLO, width, height)


def read_hello(message: bytes) -> tuple[int, int]:
    _kind, width, height = _HELLO.unpack(message)
    return width, height


def pong(number: int) -> bytes:
    return _PING.pack(PONG, number)


def read_key(message: bytes) -> tuple[bool, int, bool]:
    """Pressed or released, the X keysym, and whether it repeats."""
    _kind, pressed, keysym, repeats = _KEY.unpack(message)
    return bool(pressed), keysym, bool(repeats)


def read_text(message: bytes) -> str:
    """Raises ValueError for what is not UTF-8."""
    return message[1:].decode("utf-8")


def read_pointer(message: bytes) -> tuple[int, int]:
    _kind, x, y = _POINTER.unpack(message)
    return x, y


def read_button(message: bytes) -> tuple[int, bool]:
    """X button number 1 to 9, and whether it is pressed."""
    _kind, button, pressed = _BUTTON.unpack(message)
    return button, bool(pressed)


def read_wheel(message: bytes) -> tuple[int, int]:
    """Steps to the right and down."""
    _kind, across, down = _WHEEL.unpack(message)
    return across, down


def read_ping(message: bytes) -> int:
    _kind, number = _PING.unpack(message)
    return int(number)


def read_acknowledge(message: bytes) -> int:
    """The number of the newest frame that the browser has drawn."""
    _kind, frame = _ACKNOWLEDGE.unpack(message)
    return int(frame)
