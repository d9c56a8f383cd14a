"""Uploads that go on after a lost connection: tus 1.0 at `/drive/tus`."""

from synfonium.apps.drive.tus.door import asgi_app

__all__ = ["asgi_app"]
