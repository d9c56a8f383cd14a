"""The streamer: pictures of a machine's display out, keys and pointer in.

Runs as a companion of its machine, sandboxed, with nothing but the display's socket and
one channel to the gateway on standard input. It ends when either ends.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Protocol

from pixelflux import CaptureSettings, ScreenCapture

from synfonium.apps.pc.model import frames
from synfonium.apps.pc.stream.display import Display
from synfonium.apps.pc.stream.flow import Flow
from synfonium.apps.pc.stream.keyboard import Keyboard

TARGET_FPS = 60.0


class Stripe(Protocol):
    """What pixelflux gives: encoded bytes by the buffer protocol, and where they belong."""

    frame_id: int
    stripe_y_start: int
    reference_frame_id: int

    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...


class Streamer:
    """One viewer's session."""

    def __init__(self, channel: socket.socket, display: Display) -> None:
        self._channel, self._display = channel, display
        self._keyboard = Keyboard(display)
        self._flow = Flow()
        self._lock = threading.Lock()
        self._capture = ScreenCapture()

    def run(self) -> None:
        """Streams until the gateway closes the channel."""
        width, height = self._display.size
        self._send(frames.hello(width, height))
        self._capture.start_capture(self._on_stripe, _settings(width, height))
        try:
            for message in _messages(self._channel):
                self._on_message(message)
        finally:
            self._keyboard.release_all()
            self._display.flush()
            self._capture.stop_capture()

    def _on_stripe(self, stripe: Stripe) -> None:
        """Called by the encoder's threads."""
        stands_alone = stripe.reference_frame_id == -1
        with self._lock:
            if not self._flow.admits(stripe.frame_id, stripe.stripe_y_start, stands_alone):
                return
            size = len(stripe) + 1
            try:
                self._channel.sendall(frames.LENGTH.pack(size) + bytes((frames.STRIPE,)))
                self._channel.sendall(memoryview(stripe))
            except OSError:
                os._exit(0)  # the gateway is gone, and this is not our thread to unwind

    def _send(self, message: bytes) -> None:
        with self._lock:
            self._channel.sendall(frames.LENGTH.pack(len(message)) + message)

    def _on_message(self, message: bytes) -> None:
        match message[0]:
            case frames.KEY:
                pressed, keysym, repeats = frames.read_key(message)
                self._keyboard.key(keysym, pressed, repeats)
            case frames.TEXT:
                self._keyboard.text(frames.read_text(message))
            case frames.POINTER:
                self._display.move(*frames.read_pointer(message))
            case frames.BUTTON:
                self._display.button(*frames.read_button(message))
            case frames.WHEEL:
                self._display.wheel(*frames.read_wheel(message))
            case frames.RELEASE:
                self._keyboard.release_all()
            case frames.PING:
                self._send(frames.pong(frames.read_ping(message)))
            case frames.ACKNOWLEDGE:
                self._on_acknowledge(frames.read_acknowledge(message))
        self._display.flush()

    def _on_acknowledge(self, frame: int) -> None:
        with self._lock:
            is_needed = self._flow.acknowledge(frame)
        if is_needed:
            self._capture.request_idr_frame()


def _settings(width: int, height: int) -> CaptureSettings:
    settings = CaptureSettings()
    settings.capture_width, settings.capture_height = width, height
    settings.capture_cursor = True
    settings.target_fps = TARGET_FPS
    settings.codec = "h264"
    settings.video_fullframe = False
    settings.use_wayland = False
    settings.encode_node_index = -1
    settings.use_cpu = True
    return settings


def _messages(channel: socket.socket) -> Iterator[bytes]:
    """Messages from the gateway, which has checked their kinds and lengths."""
    with channel.makefile("rb") as stream:
        while header := stream.read(frames.LENGTH.size):
            (size,) = frames.LENGTH.unpack(header)
            message = stream.read(size)
            if len(message) == size and frames.is_input(message):
                yield message


def main() -> None:
    channel = socket.socket(fileno=os.dup(0))
    channel.setblocking(True)
    # Nothing that a library prints may fill a pipe or leak into a log.
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the process's life
    Streamer(channel, Display(os.environ["DISPLAY"])).run()


if __name__ == "__main__":
    main()
