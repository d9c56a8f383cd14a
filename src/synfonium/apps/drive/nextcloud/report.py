"""REPORT `oc:filter-files`: the favourites below a folder."""

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.nextcloud.properties import FOOT, HEAD, OC, USUAL, Lookup, Writer
from synfonium.apps.drive.webdav.request import XML_TYPE, DavRequest, href_of
from synfonium.libraries.webdav.body import BadBody, Element, read_xml


async def report(request: DavRequest) -> None:
    root = read_xml(await request.body())
    if root.tag != (OC, "filter-files"):
        raise BadBody("a report that is not known here")
    _check_rules(root)
    folder = await request.found()
    props = [child.tag for child in root.children if child.tag[1] == "prop" for child in child.children]
    asked = tuple(dict.fromkeys(props)) or USUAL
    paths = await request.service.favorites.below(request.actor, folder.id)
    await answer_paths(request, asked, [path for path in paths if len(path) > 1])


def _check_rules(root: Element) -> None:
    """Raises BadBody for any rule but that of favourites."""
    rules = [rule for child in root.children if child.tag == (OC, "filter-rules") for rule in child.children]
    if [rule.tag for rule in rules] != [(OC, "favorite")] or rules[0].text.strip() != "1":
        raise BadBody("only favourites can be filtered")


async def answer_paths(
    request: DavRequest, asked: tuple[tuple[str, str], ...], paths: list[list[Node]]
) -> None:
    """paths: each from the request's target down to a node."""
    writer, lookup = Writer(asked), Lookup(request.service, request.actor, asked)
    known = await lookup.of([path[-1] for path in paths])
    texts = []
    for path in paths:
        names = [*request.target.names, *(step.name for step in path[1:])]
        href = href_of(request.target.base, names, is_file=path[-1].is_file)
        texts.append(writer.response(path[-1], href, known))
    await request.answer(207, [XML_TYPE], f"{HEAD}{''.join(texts)}{FOOT}".encode())
