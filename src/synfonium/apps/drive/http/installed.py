"""Drive as an app of its own on a device: its Web App Manifest, and where other apps share files to.

https://www.w3.org/TR/appmanifest/ and https://w3c.github.io/web-share-target/. What is shared comes as a form
that the browser itself sends: no page stands behind it, `Sec-Fetch-Site` says `none`, and the session comes
along. A strange page's form is refused as everywhere (kernel/gate.py).
"""

import msgspec
from litestar import Response

from synfonium.apps.drive.http.service import SHARED
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get
from synfonium.kernel.pages import Static


@get("/drive/app.webmanifest", sync_to_thread=False, include_in_schema=False)
def manifest(actor: Visitor, context: Context) -> Response[bytes]:
    """Public: a browser asks for it without the session."""
    url = Static().url
    icons = [
        {"src": url("kit/favicon.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": url("drive/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": url("drive/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": url("drive/icon-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]
    said = {
        "id": "/drive",
        "name": "Synfonium Drive",
        "short_name": "Drive",
        "start_url": "/drive",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b4a5c",
        "icons": icons,
        "share_target": {
            "action": f"/drive/upload/{SHARED}",
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "file", "accept": ["*/*"]}]},
        },
    }
    return Response(
        msgspec.json.encode(said),
        media_type="application/manifest+json",
        headers={"cache-control": "no-cache"},
    )


doors = (manifest,)
