"""A link by which a player reads one file without a credential, for a few hours."""

from collections.abc import Mapping

from synfonium.apps.drive.nextcloud.ask import Ask, OcsRefused

LIFETIME_S = 8 * 3600
MOST_DIGITS = 18


async def make(ask: Ask) -> Mapping[str, object]:
    """`fileId`: the number of a file."""
    number = ask.given.get("fileId", "")
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        raise OcsRefused(400, "fileId")
    node = await ask.service.versions.by_number(ask.person, int(number))
    token = await ask.service.links.make(ask.person, node.id, is_shown=True, lifetime_s=LIFETIME_S)
    return {"url": f"{ask.context.site.content_url}/content/drive/{token}"}
