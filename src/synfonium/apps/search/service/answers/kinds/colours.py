"""Colours: `#ff8800`, `rgb(255, 136, 0)`."""

import colorsys
import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer

GATE = re.compile(r"#[\da-f]{3}|\brgb\b|\bhsl\b")
_HEX = re.compile(r"(?:(?:couleur|color|colour|hex) )?#([\da-f]{3}|[\da-f]{6})")
_RGB = re.compile(r"rgb ?\(? ?(\d{1,3}) ?,? ?(\d{1,3}) ?,? ?(\d{1,3}) ?\)?")
_HSL = re.compile(r"hsl ?\(? ?(\d{1,3}) ?,? ?(\d{1,3}) ?%? ?,? ?(\d{1,3}) ?%? ?\)?")
_Rgb = tuple[int, int, int]


async def answer(asked: Asked) -> InstantAnswer | None:
    red_green_blue = _read(asked.folded)
    if red_green_blue is None:
        return None
    code = "#{:02x}{:02x}{:02x}".format(*red_green_blue)
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in red_green_blue))
    return InstantAnswer(
        kind="colours",
        title=asked.text,
        lead=code,
        rows=(
            ("RGB", "rgb({}, {}, {})".format(*red_green_blue)),
            ("HSL", f"hsl({round(hue * 360) % 360}, {round(saturation * 100)}%, {round(lightness * 100)}%)"),
        ),
        swatch=code,
        code=True,
    )


def _read(text: str) -> _Rgb | None:
    if match := _HEX.fullmatch(text):
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := _RGB.fullmatch(text):
        red, green, blue = (int(part) for part in match.groups())
        return (red, green, blue) if max(red, green, blue) <= 255 else None
    if match := _HSL.fullmatch(text):
        hue, saturation, lightness = (int(part) for part in match.groups())
        if hue > 360 or max(saturation, lightness) > 100:
            return None
        red_s, green_s, blue_s = colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
        return round(red_s * 255), round(green_s * 255), round(blue_s * 255)
    return None
