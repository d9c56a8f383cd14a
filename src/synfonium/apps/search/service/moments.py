"""Moments as the web writes them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def moment_s(text: str) -> float:
    """UTC seconds of a date in the forms of ISO 8601 (W3C-DTF) or RFC 5322; 0 for anything else."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text.strip()[:40])
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, TypeError):
            continue
        return max(0.0, seconds)
    return 0.0
