# SPDX-License-Identifier: Apache-2.0
"""Lets the same tests keep blobs in files and, when TEST_BLOBS_URL says so, in a bucket."""

import hashlib
import os
from pathlib import Path

__all__ = ["VARIABLES", "blobs_of", "chosen"]

VARIABLES = ("TEST_BLOBS_URL", "TEST_BLOBS_KEY_ID", "TEST_BLOBS_KEY_FILE")


def chosen(url: str, key_id: str, key_file: Path) -> dict[str, str]:
    """The environment in which tests keep blobs there."""
    return dict(zip(VARIABLES, (url, key_id, str(key_file)), strict=True))


def blobs_of(home: Path) -> dict[str, str]:
    """Settings that give `home` a place of its own in the bucket that the variables name.

    Nothing set gives nothing, and so files in the home.
    """
    url, key_id, key_file = (os.environ.get(name, "") for name in VARIABLES)
    if not url:
        return {}
    prefix = hashlib.sha256(os.fsencode(home)).hexdigest()[:20]
    return {
        "SYNFONIUM_BLOBS": f"{url}&prefix={prefix}",
        "SYNFONIUM_BLOBS_KEY_ID": key_id,
        "SYNFONIUM_BLOBS_KEY_FILE": key_file,
    }
