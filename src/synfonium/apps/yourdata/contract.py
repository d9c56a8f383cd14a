# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of your data."""

__all__ = ["ARCHIVE_READY"]

ARCHIVE_READY = "yourdata.archive.ready"
"""The archive that `person` asked for can be downloaded; the subject is the archive."""
