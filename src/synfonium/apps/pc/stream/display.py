"""The machine's display as the streamer uses it: size, keyboard, pointer, by XTEST."""

from collections.abc import Sequence

from Xlib import X
from Xlib.display import Display as Connection
from Xlib.ext import xtest

MAX_WHEEL_STEPS = 20


class Display:
    """A connection to the display; implements `keyboard.Keys`."""

    def __init__(self, name: str) -> None:
        self._connection = Connection(name)
        self._connection.set_error_handler(_ignore)
        screen = self._connection.screen()
        self.size: tuple[int, int] = (screen.width_in_pixels, screen.height_in_pixels)
        # Repeats come from the browser: a lost connection must not leave a key repeating.
        self._connection.change_keyboard_control(auto_repeat_mode=X.AutoRepeatModeOff)
        self._let_go()
        self._connection.flush()

    def _let_go(self) -> None:
        """Ends what a streamer that was killed still held down."""
        for number, byte in enumerate(self._connection.query_keymap()):
            for bit in range(8):
                if byte >> bit & 1:
                    self.strike(8 * number + bit, False)
        mask = self._connection.screen().root.query_pointer().mask
        for button in range(1, 6):
            if mask & (X.Button1Mask << (button - 1)):
                self.button(button, False)

    def layout(self) -> Sequence[tuple[int, Sequence[int]]]:
        first = self._connection.display.info.min_keycode
        count = self._connection.display.info.max_keycode - first + 1
        rows = self._connection.get_keyboard_mapping(first, count)
        return [(first + number, list(row)) for number, row in enumerate(rows)]

    def give(self, code: int, keysym: int) -> None:
        self._connection.change_keyboard_mapping(code, [(keysym, keysym)])

    def strike(self, code: int, pressed: bool) -> None:
        if code:
            self._fake(X.KeyPress if pressed else X.KeyRelease, code)

    def move(self, x: int, y: int) -> None:
        width, height = self.size
        self._fake(X.MotionNotify, x=min(x, width - 1), y=min(y, height - 1))

    def button(self, number: int, pressed: bool) -> None:
        if 1 <= number <= 9:
            self._fake(X.ButtonPress if pressed else X.ButtonRelease, number)

    def wheel(self, across: int, down: int) -> None:
        """X has wheels as buttons: 4 up, 5 down, 6 left, 7 right."""
        for steps, back, forth in ((down, 4, 5), (across, 6, 7)):
            for _ in range(min(abs(steps), MAX_WHEEL_STEPS)):
                number = forth if steps > 0 else back
                self.button(number, True)
                self.button(number, False)

    def flush(self) -> None:
        self._connection.flush()

    def _fake(self, kind: int, detail: int = 0, x: int = 0, y: int = 0) -> None:
        xtest.fake_input(self._connection, kind, detail, x=x, y=y)


def _ignore(error: object, request: object) -> None:
    """A key code that the display refuses is not worth the session."""
