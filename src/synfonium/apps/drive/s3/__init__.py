"""The S3 API on the drive: `/s3/BUCKET/KEY` (docs/decisions/0033-s3-api.md)."""

from synfonium.apps.drive.s3.door import asgi_app

__all__ = ["asgi_app"]
