"""Where an outside app lives, and where codes for it go."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from synfonium.apps.fabric.contract import Manifest

LONGEST = 300
_USUAL = {"https": 443, "http": 80}


def parse_origin(text: str) -> str:
    """The origin (RFC 6454) in one spelling: https, or http on this computer for development.

    Raises ValueError for anything that is more or less than an origin.
    """
    parts = urlsplit(text.strip().rstrip("/"))
    host, port = parts.hostname or "", parts.port
    is_bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    is_good = text.isascii() and text.isprintable() and len(text) <= LONGEST and " " not in text.strip()
    if not (is_bare and is_good and host and parts.scheme in _USUAL and port != 0):
        raise ValueError(text)
    if parts.scheme == "http" and not is_this_computer(host):
        raise ValueError(text)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _USUAL[parts.scheme] else "")


def is_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def redirect_uris(manifest: Manifest, origin: str) -> Sequence[str]:
    """Absolute, as OAuth compares them. An app that asks for nothing gets its first page."""
    return [f"{origin}{uri}" if uri.startswith("/") else uri for uri in manifest.synfonium.redirect_uris] or [
        f"{origin}{manifest.start_url}"
    ]
