"""WebDAV class 1, 2 and 3 (RFC 4918) on the drive: `/dav/files/NAME/…` and `/dav/grants/ID/…`."""

from synfonium.apps.drive.webdav.door import asgi_app

__all__ = ["asgi_app"]
