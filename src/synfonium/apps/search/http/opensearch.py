"""How a browser adds this installation as a search engine (OpenSearch 1.1)."""

import html

from litestar import Response

from synfonium.apps.search.http.asking import NO_TRACE
from synfonium.apps.search.service import preferences
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get
from synfonium.kernel.pages import Static

_LONGEST_NAME = 16


@get("/opensearch.xml")
async def describe(actor: Visitor, context: Context, prefs: str = "") -> Response[bytes]:
    """prefs: a token that every search of this engine will carry."""
    body = _description(context.site.public_url, context.site.host, preferences.read(prefs).preferences)
    kind = "application/opensearchdescription+xml; charset=utf-8"
    return Response(body.encode(), media_type=kind, headers=NO_TRACE)


def _description(base: str, host: str, wanted: preferences.Preferences) -> str:
    base, name, token = html.escape(base), html.escape(host[:_LONGEST_NAME]), html.escape(wanted.token)
    carried = f"&amp;prefs={token}" if token else ""
    by_get = f'<Url type="text/html" template="{base}/search?q={{searchTerms}}{carried}"/>'
    param = f'<Param name="prefs" value="{token}"/>' if token else ""
    by_post = (
        f'<Url type="text/html" method="post" template="{base}/search">'
        f'<Param name="q" value="{{searchTerms}}"/>{param}</Url>'
    )
    icon = html.escape(Static().url("kit/favicon.svg"))
    own = f"{base}/opensearch.xml{f'?prefs={token}' if token else ''}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
<ShortName>{name}</ShortName>
<Description>Synfonium: {name}</Description>
<InputEncoding>UTF-8</InputEncoding>
<Image width="16" height="16" type="image/svg+xml">{base}{icon}</Image>
{by_post if wanted.is_posted else by_get}
<Url type="application/x-suggestions+json" template="{base}/api/search/suggest?q={{searchTerms}}"/>
<Url type="application/opensearchdescription+xml" rel="self" template="{own}"/>
</OpenSearchDescription>
"""


doors = [describe]
