"""S3's documents, in and out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from synfonium.apps.drive.s3.refusals import Refused
from synfonium.libraries.webdav.body import BadBody, Element, read_xml

__all__ = ["Element", "children", "date", "document", "line", "read", "texts", "url_encoded"]

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_MOST_ELEMENTS = 60_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def document(name: str, content: Iterable[str]) -> bytes:
    return f'{_HEAD}<{name} xmlns="{NAMESPACE}">{"".join(content)}</{name}>'.encode()


def line(name: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def date(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def url_encoded(key: str) -> str:
    return quote(key, safe="/-_.~*")


def read(body: bytes, name: str) -> Element:
    """The root. Raises Refused."""
    try:
        root = read_xml(body, most_elements=_MOST_ELEMENTS)
    except BadBody:
        raise Refused("MalformedXML", "The XML you provided was not well-formed.") from None
    if root.tag[1] != name:
        raise Refused("MalformedXML", f"A {name} was expected.")
    return root


def children(element: Element, name: str) -> list[Element]:
    return [child for child in element.children if child.tag[1] == name]


def texts(element: Element, name: str) -> list[str]:
    return [child.text for child in children(element, name)]
