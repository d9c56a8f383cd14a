"""Are the addresses that we shall listen on free?

Granian shares a port with whoever else shares it, so two installations could take turns
at answering. The supervisor therefore looks first, before any role starts.
"""

import errno
import socket
from collections.abc import Iterable

from synfonium.kernel.config import ConfigError, HouseConfig


def check_free(config: HouseConfig) -> None:
    """Raises ConfigError for a port that another program has, or that we may not take."""
    for host, port in _addresses(config):
        try:
            _try(host, port)
        except OSError as refusal:
            raise ConfigError(_words(host, port, refusal)) from None


def _addresses(config: HouseConfig) -> Iterable[tuple[str, int]]:
    yield config.host, config.port
    yield config.host, config.bound_content_port


def _try(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _words(host: str, port: int, refusal: OSError) -> str:
    if refusal.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another with --port or content_port"
    if refusal.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one above 1023"
    return f"cannot listen on {host} port {port}: {refusal.strerror or refusal}"
