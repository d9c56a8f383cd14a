"""Refusals in S3's words."""

from synfonium.apps.drive import errors
from synfonium.common.problem import Forbidden, NotFound, Problem, SignInNeeded, StorageFull
from synfonium.kernel.refusals import TooLarge

__all__ = ["Refused", "refused_of"]

_STATUS = {
    "AccessDenied": 403,
    "BadDigest": 400,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "MalformedXML": 400,
    "MetadataTooLarge": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchTagSet": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "ObjectLockConfigurationNotFoundError": 404,
    "OperationAborted": 409,
    "PreconditionFailed": 412,
    "QuotaExceeded": 507,
    "RequestTimeTooSkewed": 403,
    "ServerSideEncryptionConfigurationNotFoundError": 404,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "XAmzContentSHA256Mismatch": 400,
}


class Refused(Exception):
    """code: S3's, or ours where S3 knows no such thing."""

    def __init__(self, code: str, message: str = "", status: int = 0) -> None:
        super().__init__(message or code)
        self.code, self.message = code, message or code
        self.status = status or _STATUS.get(code, 400)


_WORDS: tuple[tuple[type[Problem], str, str], ...] = (
    (errors.BadName, "InvalidObjectName", "A part of this key cannot be the name of a file."),
    (errors.TooDeep, "InvalidObjectName", "This key has too many slashes."),
    (errors.ParentMissing, "OperationAborted", "The folder went away meanwhile; try again."),
    (errors.NotThatKind, "KeyIsFolder", "A file stands where a folder is needed, or the other way round."),
    (errors.NameTaken, "OperationAborted", "Somebody made this meanwhile; try again."),
    (errors.WrongState, "PreconditionFailed", "A condition of the request does not hold."),
    (errors.Locked, "OperationAborted", "Somebody has locked this."),
    (errors.QuotaExceeded, "QuotaExceeded", "The storage is full."),
    (StorageFull, "QuotaExceeded", "The storage is full."),
    (TooLarge, "EntityTooLarge", "This is more than is taken at once."),
    (errors.ChecksumMismatch, "BadDigest", "The content is not that which its checksum says."),
    (errors.Cut, "IncompleteBody", "The connection ended before the whole body had come."),
    (errors.TooManyUploads, "SlowDown", "Too many uploads are not finished."),
    (errors.NoSuchUpload, "NoSuchUpload", "This upload does not exist; it may be finished or given up."),
    (errors.BadParts, "InvalidPart", "The parts do not make a whole."),
    (errors.TooMany, "InvalidArgument", "A part's number is 1 to 10000."),
    (errors.SpaceLocked, "ServiceUnavailable", "This space is locked by its key."),
    (NotFound, "NoSuchKey", "The specified key does not exist."),
    (SignInNeeded, "AccessDenied", "A signature is needed."),
    (Forbidden, "AccessDenied", "Access Denied"),
)
_OWN_STATUS = {"InvalidObjectName": 400, "KeyIsFolder": 409, "ServiceUnavailable": 503}


def refused_of(problem: Problem) -> Refused:
    """What S3 says of a refusal of the service."""
    for kind, code, message in _WORDS:
        if isinstance(problem, kind):
            return Refused(code, message, _OWN_STATUS.get(code, 0))
    return Refused("InvalidRequest", problem.code, problem.status)
