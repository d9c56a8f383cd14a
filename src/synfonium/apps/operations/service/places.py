"""Where things of a backup stand in a home."""

from pathlib import Path

STAGING = "backup/staging"
MANIFEST = "manifest.json"
# What lies in a bucket, as service.holes says; names of blobs while it is made.
BUCKET, BUCKET_OF, NAMES = "backup/bucket", "backup/bucket.of", "backup/names"
KEY_FILE = "backup.key"
UNFINISHED = "backup/unfinished"

# Live files whose consistent copies are in the staging folder, and what belongs to a process.
LEFT_OUT = (
    "run",
    "lock",
    "blobs.hold",
    "half-restored",
    "audit",
    "databases",
    "indexes",
    "machines",
    "upgrades",
    "backup/cache",
    "backup/unfinished",
    "backup/rehearsal",
    BUCKET_OF,
    NAMES,
    "blobs/*/incoming",
)


def staging(home: Path) -> Path:
    return home / STAGING
