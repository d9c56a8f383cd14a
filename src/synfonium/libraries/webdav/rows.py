"""Responses of a 207 for many resources that were asked for the same properties: a text with gaps,
made once for each set of properties that a resource has (RFC 4918, section 14.24)."""

from collections.abc import Sequence

import msgspec

__all__ = ["Rows", "Tag"]


class Tag(msgspec.Struct, frozen=True):
    """A property around its value, and as it is named where it is missing."""

    opening: str
    closing: str
    empty: str


class Rows:
    """prefix: that of `DAV:` in this answer. says_missing: whether what a resource has not is named."""

    def __init__(self, tags: Sequence[Tag], *, prefix: str, says_missing: bool = True) -> None:
        self._tags, self._says_missing = tuple(tags), says_missing
        self._p = prefix
        self._texts: dict[tuple[bool, ...], str] = {}

    def response(self, href: str, values: Sequence[str | None]) -> str:
        """href: percent-encoded, with nothing that XML would need escaped. values: inner XML of each
        property in the order of the tags, None for one that the resource has not."""
        if None not in values:
            return self._text(()) % (href, *values)
        missing = tuple([value is None for value in values])
        return self._text(missing) % (href, *[value for value in values if value is not None])

    def _text(self, missing: tuple[bool, ...]) -> str:
        text = self._texts.get(missing)
        if text is None:
            text = self._texts[missing] = self._make(missing or (False,) * len(self._tags))
        return text

    def _make(self, missing: tuple[bool, ...]) -> str:
        pairs = list(zip(self._tags, missing, strict=True))
        found = "".join(
            f"{_plain(tag.opening)}%s{_plain(tag.closing)}" for tag, is_missing in pairs if not is_missing
        )
        gone = "".join(_plain(tag.empty) for tag, is_missing in pairs if is_missing and self._says_missing)
        content = self._propstat(found, "200 OK") if found or not gone else ""
        content += self._propstat(gone, "404 Not Found") if gone else ""
        p = self._p
        return f"<{p}:response><{p}:href>%s</{p}:href>{content}</{p}:response>"

    def _propstat(self, properties: str, status: str) -> str:
        p = self._p
        return (
            f"<{p}:propstat><{p}:prop>{properties}</{p}:prop>"
            f"<{p}:status>HTTP/1.1 {status}</{p}:status></{p}:propstat>"
        )


def _plain(text: str) -> str:
    return text.replace("%", "%%")
