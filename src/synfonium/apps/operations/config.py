"""Settings of operations."""

import msgspec


class OperationsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """backup_to: where backups go by themselves: a folder, or an address as `s3:…` or `sftp:…`;
    empty means that none are made. backup_every_hours: how long after the last one.
    keep_daily: of how many days the newest is kept. keep_weekly: of how many weeks.
    rehearse_every_days: how often the newest is restored for a trial; 0 means never.
    backup_bucket: when people's files lie in a bucket, whether backups hold them; false leaves them
    to the bucket's own versioning. bucket_room_mb: how much of the home's disk a backup may take
    for what it fetches from the bucket, at least 16."""

    backup_to: str = ""
    backup_every_hours: float = 24.0
    keep_daily: int = 7
    keep_weekly: int = 5
    rehearse_every_days: float = 7.0
    backup_bucket: bool = True
    bucket_room_mb: int = 1024
