"""Keys by what they mean, whatever layout the person's keyboard has.

The browser says which keysym was struck. Where the display's own layout has it at hand it
is struck there; else a spare key code is given that keysym for a while. So every layout
types right, dead keys and compositions included, and nothing is configured.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

NO_SYMBOL = 0
SHIFTS = frozenset({0xFFE1, 0xFFE2})
MODIFIERS = frozenset({*SHIFTS, 0xFFE3, 0xFFE4, 0xFFE7, 0xFFE8, 0xFFE9, 0xFFEA, 0xFFEB, 0xFFEC, 0xFE03})
_MAX_KEYSYM = 0x1FFFFFFF


class Keys(Protocol):
    """The display's keyboard."""

    def layout(self) -> Sequence[tuple[int, Sequence[int]]]:
        """Each key code with the keysyms of its levels."""
        ...

    def give(self, code: int, keysym: int) -> None:
        """Makes `code` mean `keysym`, shifted or not."""
        ...

    def strike(self, code: int, pressed: bool) -> None: ...


class Keyboard:
    """Strikes keysyms on `keys` and knows which are held."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._plain: dict[int, int] = {}
        self._shifted: dict[int, int] = {}
        self._spare: OrderedDict[int, int] = OrderedDict()  # code to keysym, the oldest first
        self._held: dict[int, int] = {}  # keysym to code
        for code, levels in keys.layout():
            if not any(levels):
                self._spare[code] = NO_SYMBOL
                continue
            if levels[0]:
                self._plain.setdefault(levels[0], code)
            if len(levels) > 1 and levels[1]:
                self._shifted.setdefault(levels[1], code)

    def key(self, keysym: int, pressed: bool, repeats: bool = False) -> None:
        """One key going down or up. A repeat is struck again, so that a lost
        connection never leaves a key repeating."""
        if not 0 < keysym <= _MAX_KEYSYM:
            return
        if not pressed:
            code = self._held.pop(keysym, None)
            if code is not None:
                self._keys.strike(code, False)
            return
        held = self._held.get(keysym)
        if held is not None:
            if repeats and keysym not in MODIFIERS:
                self._keys.strike(held, False)
                self._keys.strike(held, True)
            return
        code = self._code(keysym)
        self._held[keysym] = code
        self._keys.strike(code, True)

    def text(self, text: str) -> None:
        """Types characters, whatever modifiers are held meanwhile."""
        lifted = [keysym for keysym in self._held if keysym in MODIFIERS]
        for keysym in lifted:
            self._keys.strike(self._held.pop(keysym), False)
        for character in text:
            keysym = keysym_of(character)
            if keysym:
                self.key(keysym, True)
                self.key(keysym, False)
        for keysym in lifted:
            self.key(keysym, True)

    def release_all(self) -> None:
        for code in self._held.values():
            self._keys.strike(code, False)
        self._held.clear()

    def _code(self, keysym: int) -> int:
        is_shifted = not SHIFTS.isdisjoint(self._held)
        level = self._shifted if is_shifted else self._plain
        if keysym in level:
            return level[keysym]
        if keysym in MODIFIERS and keysym in self._plain:
            return self._plain[keysym]
        for code, given in self._spare.items():
            if given == keysym:
                self._spare.move_to_end(code)
                return code
        return self._give(keysym)

    def _give(self, keysym: int) -> int:
        held = set(self._held.values())
        code = next((code for code in self._spare if code not in held), None)
        if code is None:
            return self._plain.get(keysym) or self._shifted.get(keysym) or 0
        self._spare[code] = keysym
        self._spare.move_to_end(code)
        self._keys.give(code, keysym)
        return code


def keysym_of(character: str) -> int:
    """The keysym of one character (X11 protocol, appendix A), 0 for none."""
    point = ord(character)
    if character in "\n\r":
        return 0xFF0D
    if character == "\t":
        return 0xFF09
    if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF:
        return point
    return 0 if point < 0x20 or 0x7F <= point < 0xA0 else 0x01000000 | point
