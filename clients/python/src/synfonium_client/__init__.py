# SPDX-License-Identifier: Apache-2.0
"""Synfonium's doors for apps."""

from synfonium_client.base import Refused
from synfonium_client.calls import Synfonium
from synfonium_client.waiting import AsyncSynfonium

__all__ = ["AsyncSynfonium", "Refused", "Synfonium"]
