"""DELETE of one object or of many: into the trash, as everywhere."""

from synfonium.apps.drive.errors import NoSuchNode, WrongState
from synfonium.apps.drive.model import ANY, Expected, NodeId
from synfonium.apps.drive.s3 import xml
from synfonium.apps.drive.s3.refusals import Refused, refused_of
from synfonium.apps.drive.s3.request import Found, S3Request
from synfonium.apps.drive.service.described import Described
from synfonium.common.problem import Problem

MOST_KEYS = 1000


async def delete(request: S3Request) -> None:
    match = request.header("if-match").strip().strip('"')
    found = await request.find()
    if match and found is None:
        raise Refused("NoSuchKey", "The specified key does not exist.")
    if match and found is not None and match not in ("*", found.etag):
        raise Refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    if found is not None:
        await _remove(request, found, found.node.etag if match else ANY)
    await request.answer(204)


async def _remove(request: S3Request, found: Found, expected: Expected) -> None:
    top, node = await request.bucket_node(), found.node
    if not node.is_file and await _has_members(request, node.id):
        # Its keys stay: the folder now stands because of them alone.
        await request.service.describing.keep(node, Described(is_implied=True))
        return
    if node.id == top:
        return
    try:
        await request.service.trash.put(request.actor, [node.id], expected=expected)
    except NoSuchNode:
        return
    if node.parent:
        await _prune(request, top, node.parent)


async def _has_members(request: S3Request, folder: NodeId) -> bool:
    return bool((await request.service.tree.listing(request.actor, folder, limit=1)).entries)


async def _prune(request: S3Request, top: NodeId, folder: NodeId) -> None:
    try:
        await request.service.describing.prune(request.actor, top, folder)
    except (NoSuchNode, WrongState):
        return  # Somebody else removed it, or wrote into it.


async def delete_many(request: S3Request) -> None:
    root = xml.read(await request.small_body(), "Delete")
    asked = [next(iter(xml.texts(entry, "Key")), "") for entry in xml.children(root, "Object")]
    if not asked or len(asked) > MOST_KEYS or not all(asked):
        raise Refused("MalformedXML", "One to 1000 keys are removed at once.")
    is_quiet = next(iter(xml.texts(root, "Quiet")), "").strip().lower() == "true"
    await request.bucket_node()
    refusals = await _delete_all(request, asked)
    content = list[str]()
    for key in asked:
        if key in refusals:
            content.append(_refusal(key, refusals[key]))
        elif not is_quiet:
            content.append(f"<Deleted>{xml.line('Key', key)}</Deleted>")
    await request.xml(xml.document("DeleteResult", content))


async def _delete_all(request: S3Request, keys: list[str]) -> dict[str, Refused]:
    """Files go together, in one commit; what is refused, by its key."""
    refusals, files = dict[str, Refused](), dict[str, Found]()
    for key in dict.fromkeys(keys):
        found = await request.find(key=key)
        if found is not None and found.node.is_file:
            files[key] = found
        elif found is not None:
            refusals |= await _delete_one(request, key, found)
    try:
        await request.service.trash.put(request.actor, [found.node.id for found in files.values()])
    except Problem:
        for key, found in files.items():
            refusals |= await _delete_one(request, key, found)
    top = await request.bucket_node()
    for parent in {found.node.parent for found in files.values()}:
        if parent:
            await _prune(request, top, parent)
    return refusals


async def _delete_one(request: S3Request, key: str, found: Found) -> dict[str, Refused]:
    try:
        await _remove(request, found, ANY)
    except Problem as problem:
        return {key: refused_of(problem)}
    return {}


def _refusal(key: str, refused: Refused) -> str:
    lines = (xml.line("Key", key), xml.line("Code", refused.code), xml.line("Message", refused.message))
    return f"<Error>{''.join(lines)}</Error>"
