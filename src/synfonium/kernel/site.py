"""Where this installation is reached: origins, and what may be trusted about a request."""

from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

import msgspec

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The public faces of the installation.

    public_url: origin of pages and APIs, without a trailing slash. content_url: origin
    that serves people's content and never a session. local_url: origin at which this
    machine itself reaches the front. trusted_proxies: who may tell us the scheme and peer
    of a request.
    """

    public_url: str
    content_url: str
    local_url: str = "http://localhost:8600"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def host(self) -> str:
        """Host name without port: the WebAuthn rpId."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def content_host(self) -> str:
        return urlsplit(self.content_url).hostname or "localhost"

    @property
    def is_secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        return self.host in LOOPBACK_NAMES or self.host.endswith(".localhost")

    def trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.trusted_proxies)
