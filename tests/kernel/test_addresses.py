"""Two installations never take turns at one port."""

import socket

import pytest

from synfonium.kernel.addresses import check_free
from synfonium.kernel.config import ConfigError, HouseConfig
from synfonium.testing.ports import free_ports


def test_a_port_that_another_program_shares_is_refused() -> None:
    port = free_ports()[0]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ConfigError, match=f"port {port} is taken"):
            check_free(HouseConfig(port=port))
        with pytest.raises(ConfigError, match=f"port {port} is taken"):
            check_free(HouseConfig(port=port + 1, content_port=port))


def test_free_ports_are_taken_as_they_are() -> None:
    check_free(HouseConfig(port=free_ports()[0]))


def test_an_address_that_is_not_ours_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1"):
        check_free(HouseConfig(host="192.0.2.1", port=free_ports()[0]))
