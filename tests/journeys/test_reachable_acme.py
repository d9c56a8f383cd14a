"""A certificate from a public authority's own test server, by ACME over HTTP-01."""

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.journeys.serving import serving

from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.alone, pytest.mark.timeout(600)]

# Pebble, Let's Encrypt's small authority, and the name server of its tests: Debian's package.
NAME, CONTENT_NAME = "cloud.example.test", "content.example.test"


@dataclass(frozen=True)
class Authority:
    """A running ACME server that resolves every name to this machine."""

    directory: str
    management: str
    trust: Path
    challenge_port: int


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[Authority]:
    folder = tmp_path_factory.mktemp("pebble")
    environment = {
        **os.environ,
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": "0",
    }
    listen, management, dns, dns_management, challenge = free_ports(5)
    trust = _make_server_certificate(folder)
    config = {
        "listenAddress": f"127.0.0.1:{listen}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "server.pem"),
        "privateKey": str(folder / "server.key"),
        "httpPort": challenge,
        "tlsPort": 1,
        "retryAfter": {"authz": 1, "order": 1},
        "profiles": {"default": {"description": "ninety days", "validityPeriod": 7776000}},
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
    off = [f"-{kind}=" for kind in ("http01", "https01", "tlsalpn01")]
    names = [
        *off,
        "-dns01",
        f"127.0.0.1:{dns}",
        "-management",
        f"127.0.0.1:{dns_management}",
        "-defaultIPv6=",
    ]
    servers = (
        ["pebble-challtestsrv", "-defaultIPv4=127.0.0.1", *names],
        ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"],
    )
    with ExitStack() as stack, (folder / "log").open("wb") as log:
        for name, *words in servers:
            process = subprocess.Popen([program(name), *words], env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
        directory = f"https://localhost:{listen}/dir"
        _wait_for(lambda: httpx.get(directory, verify=ssl.create_default_context(cafile=trust)).is_success)
        yield Authority(directory, f"https://localhost:{management}", trust, challenge)


def _make_server_certificate(folder: Path) -> Path:
    """The certificate of the ACME server itself; gives what to trust for it."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem"), "-days", "2"]
    subprocess.run([*words, *names, *files], check=True, capture_output=True, timeout=20)
    return folder / "server.pem"


def _wait_for(is_so: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except (OSError, httpx.HTTPError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"not so in {timeout_s} s")


def _shown(port: int, name: str, root: str) -> bool:
    """Whether the front shows a certificate for `name` that the authority's root vouches for."""
    context = ssl.create_default_context(cadata=root)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name):
                return True
        except ssl.SSLCertVerificationError:
            return False


def _settings(authority: Authority, port: int) -> dict[str, str]:
    return {
        "SYNFONIUM_TLS": "acme",
        "SYNFONIUM_PUBLIC_URL": f"https://{NAME}:{port}",
        "SYNFONIUM_CONTENT_URL": f"https://{CONTENT_NAME}:{port + 1}",
        "SYNFONIUM_ACME_DIRECTORY": authority.directory,
        "SYNFONIUM_ACME_TRUST": str(authority.trust),
        "SYNFONIUM_ACME_CONTACT": "admin@example.test",
        "SYNFONIUM_HTTP_PORT": str(authority.challenge_port),
    }


def test_a_public_certificate_arrives_by_itself_and_survives_a_restart(
    authority: Authority, tmp_path: Path
) -> None:
    root = httpx.get(f"{authority.management}/roots/0", verify=False).text
    port = free_ports(4)[0]
    settings = _settings(authority, port)
    with serving(tmp_path / "home", settings, port=port) as server:
        _wait_for(lambda: _shown(port, NAME, root), 60)
        _wait_for(lambda: _shown(port + 1, CONTENT_NAME, root))
        plain = httpx.get(
            f"http://127.0.0.1:{authority.challenge_port}/x", headers={"host": NAME, "accept": "text/html"}
        )
        assert plain.status_code == 403
        assert f"https://{NAME}:{port}" in plain.text
        challenge = f"http://127.0.0.1:{authority.challenge_port}/.well-known/acme-challenge/unknown"
        assert httpx.get(challenge, headers={"host": NAME}).status_code == 404
        assert '"tls.renewed"' in server.logged()
    with serving(tmp_path / "home", settings, port=port) as again:
        assert _shown(port, NAME, root)
        assert again.logged().count('"tls.renewed"') == 1  # the first run's


def test_while_the_authority_is_away_the_front_still_answers(authority: Authority, tmp_path: Path) -> None:
    port = free_ports(4)[0]
    nobody = {**_settings(authority, port), "SYNFONIUM_ACME_DIRECTORY": "https://localhost:1/dir"}
    with serving(tmp_path / "home", nobody, port=port) as server:
        assert httpx.get(f"https://127.0.0.1:{port}/healthz", verify=False).is_success
        _wait_for(lambda: '"tls.renewal_failed"' in server.logged())
        assert "localhost:1" not in server.logged()
