"""notify_push over a real WebSocket: found by the capabilities, told within a second."""

import time

import pytest
from websockets.sync.client import connect

from .conftest import Account

pytestmark = [pytest.mark.full, pytest.mark.timeout(120)]


def test_a_change_is_pushed_within_a_second(account: Account) -> None:
    with account.http() as client:
        told = client.get("/ocs/v1.php/cloud/capabilities?format=json").json()
        address = told["ocs"]["data"]["capabilities"]["notify_push"]["endpoints"]["websocket"]
        with connect(address, open_timeout=10) as socket:
            socket.send(account.name)
            socket.send(account.token)
            assert socket.recv(timeout=10) == "authenticated"
            socket.send("listen notify_file_id")
            client.request("MKCOL", f"{account.files}/before")
            socket.recv(timeout=10)
            began_s = time.monotonic()
            assert client.put(f"{account.files}/new.txt", content=b"x").status_code == 201
            said = str(socket.recv(timeout=10))
            assert time.monotonic() - began_s < 1.5
            assert said.startswith("notify_file_id [")
        with connect(address, open_timeout=10) as socket:
            socket.send(account.name)
            socket.send("wrong")
            assert socket.recv(timeout=10) == "err: Invalid credentials"
