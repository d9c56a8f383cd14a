# SPDX-License-Identifier: Apache-2.0
"""Calls that an installation makes to an app: facts, objects, actions (Standard Webhooks 1.0.0)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

OLDEST_S = 300


class Forged(Exception):
    """Not from the installation, or not from now."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float | None = None) -> Any:
    """The JSON of a call. secret: `whsec_…`, as it was told when the app was registered. Raises Forged.

    A call may come twice: `webhook-id` says that it is the same.
    """
    given = {name.lower(): value for name, value in headers.items()}
    moment, signatures = given.get("webhook-timestamp", ""), given.get("webhook-signature", "")
    if not moment.isascii() or not moment.isdigit():
        raise Forged
    if abs((time.time() if now_s is None else now_s) - int(moment[:12])) > OLDEST_S:
        raise Forged
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{given.get('webhook-id', '')}.{moment}.".encode() + body
    good = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if not any(hmac.compare_digest(good.encode(), one.encode()) for one in signatures.split(" ")):
        raise Forged
    return json.loads(body)
