"""Request bodies: XML read with no DTD, no entity and firm limits.

RFC 4918 section 20.6 warns of external entities; here a document type declaration of
any sort is refused, so neither they nor expanding ones can exist.
"""

from collections.abc import Iterator
from typing import Literal
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import msgspec

DAV = "DAV:"
MAX_ELEMENTS = 2_000
MAX_DEPTH = 32
_XML = "http://www.w3.org/XML/1998/namespace"


class BadBody(ValueError):
    """The body is not what the method asks for; the message says what is wrong."""


class Element(msgspec.Struct):
    """One XML element. `tag` is (namespace, local name); `text` precedes the first child."""

    tag: tuple[str, str]
    attributes: dict[tuple[str, str], str] = {}
    children: list["Element"] = []
    text: str = ""
    tail: str = ""

    def child(self, local: str) -> "Element | None":
        """The first child of that name in the namespace `DAV:`."""
        return next((c for c in self.children if c.tag == (DAV, local)), None)

    def named(self, local: str) -> Iterator["Element"]:
        return (c for c in self.children if c.tag == (DAV, local))


class PropFind(msgspec.Struct, frozen=True):
    """What a PROPFIND asks. names: the properties of `prop`, or of `include` with `allprop`."""

    kind: Literal["prop", "allprop", "propname"]
    names: tuple[tuple[str, str], ...] = ()


class PropertyChange(msgspec.Struct, frozen=True):
    """One instruction of a PROPPATCH, in document order. xml is None for a removal.

    xml: the property element as a document of its own, namespaces declared.
    """

    name: tuple[str, str]
    xml: str | None
    text: str = ""


class LockInfo(msgspec.Struct, frozen=True):
    """What a LOCK asks. owner_xml: the content of `owner`, to be given back as it came."""

    is_exclusive: bool
    owner_xml: str


def read_xml(body: bytes, *, most_elements: int = MAX_ELEMENTS) -> Element:
    """The root element. Raises BadBody for anything not well-formed, or too deep or too large."""
    reader = _Reader(most_elements)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise BadBody(f"not well-formed XML, line {error.lineno}") from None
    except (ValueError, LookupError) as error:
        raise error if isinstance(error, BadBody) else BadBody("unreadable encoding") from None
    if reader.root is None:
        raise BadBody("no element")
    return reader.root


class _Reader:
    def __init__(self, most_elements: int) -> None:
        self.root: Element | None = None
        self._most_elements = most_elements
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._most_elements or len(self._open) >= MAX_DEPTH:
            raise BadBody("too many elements, or nested too deeply")
        element = Element(_split(name), {_split(key): value for key, value in attributes.items()}, [])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        element = self._open[-1]
        if element.children:
            element.children[-1].tail += text
        else:
            element.text += text

    def refuse_doctype(self, *_: object) -> None:
        raise BadBody("a document type declaration is not allowed")


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def write_xml(element: Element) -> str:
    """`element` as XML that declares each namespace where it is used."""
    open_tag, close_tag = _tags(element)
    inner = escape(element.text) + "".join(write_xml(c) + escape(c.tail) for c in element.children)
    return f"{open_tag}{inner}{close_tag}"


def _tags(element: Element) -> tuple[str, str]:
    namespace, local = element.tag
    name = f"n:{local}" if namespace else local
    declared = f" xmlns:n={quoteattr(namespace)}" if namespace else ""
    for index, ((space, key), value) in enumerate(element.attributes.items()):
        if space == _XML:
            declared += f" xml:{key}={quoteattr(value)}"
        elif space:
            declared += f" xmlns:a{index}={quoteattr(space)} a{index}:{key}={quoteattr(value)}"
        else:
            declared += f" {key}={quoteattr(value)}"
    return f"<{name}{declared}>", f"</{name}>"


def read_propfind(body: bytes) -> PropFind:
    """An empty body means all properties (RFC 4918, section 9.1). Raises BadBody."""
    if not body.strip():
        return PropFind("allprop")
    root = _root(body, "propfind")
    prop = root.child("prop")
    if prop is not None:
        return PropFind("prop", tuple(c.tag for c in prop.children))
    if root.child("propname") is not None:
        return PropFind("propname")
    if root.child("allprop") is not None:
        include = root.child("include")
        return PropFind("allprop", tuple(c.tag for c in include.children) if include else ())
    raise BadBody("propfind holds none of prop, propname, allprop")


def read_proppatch(body: bytes) -> tuple[PropertyChange, ...]:
    """The instructions in document order (RFC 4918, section 9.2). Raises BadBody."""
    changes: list[PropertyChange] = []
    for instruction in _root(body, "propertyupdate").children:
        if instruction.tag not in ((DAV, "set"), (DAV, "remove")):
            continue
        removes = instruction.tag[1] == "remove"
        for prop in instruction.named("prop"):
            for element in prop.children:
                _inherit_language(element, prop)
                xml = None if removes else write_xml(element)
                changes.append(PropertyChange(element.tag, xml, element.text))
    if not changes:
        raise BadBody("propertyupdate changes nothing")
    return tuple(changes)


def _inherit_language(element: Element, prop: Element) -> None:
    language = prop.attributes.get((_XML, "lang"))
    if language:
        element.attributes.setdefault((_XML, "lang"), language)


def read_lockinfo(body: bytes) -> LockInfo:
    """RFC 4918, section 9.10. Raises BadBody."""
    root = _root(body, "lockinfo")
    scope, kind, owner = root.child("lockscope"), root.child("locktype"), root.child("owner")
    if scope is None or kind is None or kind.child("write") is None:
        raise BadBody("lockinfo needs lockscope and locktype write")
    is_exclusive = scope.child("exclusive") is not None
    if not is_exclusive and scope.child("shared") is None:
        raise BadBody("lockscope is neither exclusive nor shared")
    inner = (
        ""
        if owner is None
        else escape(owner.text) + "".join(write_xml(c) + escape(c.tail) for c in owner.children)
    )
    return LockInfo(is_exclusive, inner.strip())


def _root(body: bytes, local: str) -> Element:
    root = read_xml(body)
    if root.tag != (DAV, local):
        raise BadBody(f"the root element is not DAV: {local}")
    return root
