"""A key of the S3 API."""

import msgspec

from synfonium.common.ids import PersonId


class S3Key(msgspec.Struct, frozen=True, kw_only=True):
    """id: the access key. sealed_secret: opens with the purpose `s3/<id>`. expires_s: None for never."""

    id: str
    person: PersonId
    label: str
    sealed_secret: bytes
    may_write: bool
    made_s: float
    expires_s: float | None = None
