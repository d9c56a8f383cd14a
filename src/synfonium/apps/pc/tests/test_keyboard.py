"""Keys mean what the person struck, whatever layout they have."""

from collections.abc import Sequence

from synfonium.apps.pc.stream.keyboard import Keyboard, keysym_of

SHIFT, CONTROL, E_ACUTE, EURO = 0xFFE1, 0xFFE3, 0xE9, 0x20AC | 0x01000000


class FakeKeys:
    """A display with four keys: a, 1, Shift and Control, and two codes to spare."""

    def __init__(self) -> None:
        self.codes: dict[int, Sequence[int]] = {
            10: (ord("a"), ord("A")),
            11: (ord("1"), ord("!")),
            12: (SHIFT, 0),
            13: (CONTROL, 0),
            20: (0, 0),
            21: (0, 0),
        }
        self.down: list[int] = []
        self.typed: list[int] = []

    def layout(self) -> Sequence[tuple[int, Sequence[int]]]:
        return list(self.codes.items())

    def give(self, code: int, keysym: int) -> None:
        assert code not in self.down
        self.codes[code] = (keysym, keysym)

    def strike(self, code: int, pressed: bool) -> None:
        if not pressed:
            self.down.remove(code)
            return
        assert code not in self.down
        level = 1 if 12 in self.down else 0
        self.down.append(code)
        self.typed.append(self.codes[code][level])


def strike(keyboard: Keyboard, *keysyms: int) -> None:
    for keysym in keysyms:
        keyboard.key(keysym, True)
        keyboard.key(keysym, False)


def test_a_key_of_the_layout_is_struck_where_it_is() -> None:
    keys = FakeKeys()
    strike(Keyboard(keys), ord("a"))
    assert keys.typed == [ord("a")]
    assert keys.codes[20] == (0, 0)


def test_a_capital_comes_with_shift_and_without_it() -> None:
    keys = FakeKeys()
    keyboard = Keyboard(keys)
    keyboard.key(SHIFT, True)
    strike(keyboard, ord("A"))
    keyboard.key(SHIFT, False)
    strike(keyboard, ord("A"))
    assert [k for k in keys.typed if k != SHIFT] == [ord("A"), ord("A")]


def test_a_digit_typed_with_shift_as_on_a_french_keyboard_is_that_digit() -> None:
    keys = FakeKeys()
    keyboard = Keyboard(keys)
    keyboard.key(SHIFT, True)
    strike(keyboard, ord("1"))
    assert keys.typed[-1] == ord("1")


def test_an_accent_and_a_sign_that_the_layout_lacks_are_typed_all_the_same() -> None:
    keys = FakeKeys()
    Keyboard(keys).text("é€é")
    assert keys.typed == [E_ACUTE, EURO, E_ACUTE]


def test_more_signs_than_spare_codes_are_typed_in_turn() -> None:
    keys = FakeKeys()
    Keyboard(keys).text("éèàç")
    assert keys.typed == [0xE9, 0xE8, 0xE0, 0xE7]


def test_text_is_typed_without_the_modifiers_that_are_held_and_they_come_back() -> None:
    keys = FakeKeys()
    keyboard = Keyboard(keys)
    keyboard.key(CONTROL, True)
    keyboard.text("a")
    assert keys.typed == [CONTROL, ord("a"), CONTROL]
    assert keys.down == [13]


def test_a_key_that_repeats_is_struck_again_and_a_modifier_is_not() -> None:
    keys = FakeKeys()
    keyboard = Keyboard(keys)
    for keysym in (CONTROL, ord("a")):
        keyboard.key(keysym, True)
        keyboard.key(keysym, True, repeats=True)
    assert keys.typed == [CONTROL, ord("a"), ord("a")]


def test_a_lost_person_leaves_no_key_pressed() -> None:
    keys = FakeKeys()
    keyboard = Keyboard(keys)
    keyboard.key(SHIFT, True)
    keyboard.key(E_ACUTE, True)
    keyboard.release_all()
    assert keys.down == []
    keyboard.key(E_ACUTE, False)


def test_nonsense_is_not_struck() -> None:
    keys = FakeKeys()
    strike(Keyboard(keys), 0, 0xFFFFFFFF)
    assert keys.typed == []


def test_control_characters_have_no_key() -> None:
    assert keysym_of("\x07") == 0
    assert keysym_of("\n") == 0xFF0D
    assert keysym_of("œ") == 0x01000153
