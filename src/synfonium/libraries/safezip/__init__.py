"""ZIP archives of any size: written as a stream in constant memory, read as if by an enemy."""

from synfonium.libraries.safezip.flow import ZipFlow
from synfonium.libraries.safezip.names import SafeNames, is_safe_path
from synfonium.libraries.safezip.reader import BadZip, Entry, Limits, SafeZip
from synfonium.libraries.safezip.writer import Spool, ZipStream

__all__ = [
    "BadZip",
    "Entry",
    "Limits",
    "SafeNames",
    "SafeZip",
    "Spool",
    "ZipFlow",
    "ZipStream",
    "is_safe_path",
]
