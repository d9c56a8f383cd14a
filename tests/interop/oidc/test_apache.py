"""Apache's mod_auth_openidc, a certified relying party, guards a page by an account from here."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.interop.oidc.test_relying_party import PASSWORD
from tests.journeys.serving import serving

from synfonium.testing.ports import free_ports

APACHE = shutil.which("apache2") or "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
HEADERS = {"accept": "text/html", "sec-fetch-site": "same-origin"}
START_S = 20

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]

CONFIG = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
Listen 127.0.0.1:{port}
User {user}
Group {group}
ErrorLog {folder}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
LoadModule headers_module {modules}/mod_headers.so
DocumentRoot {folder}/pages
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI http://localhost:{port}/callback
OIDCCryptoPassphrase a-passphrase-for-the-test
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCScope "openid profile"
OIDCRemoteUserClaim preferred_username
OIDCCacheShmMax 100
<Location />
AuthType openid-connect
Require valid-user
Header set X-Person "expr=%{{REMOTE_USER}}"
</Location>
"""


@pytest.fixture
def apache(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Addresses of the provider and of a page that Apache guards."""
    if not Path(APACHE).is_file() or not (MODULES / "mod_auth_openidc.so").is_file():
        message = "libapache2-mod-auth-openidc is not installed"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    (port,) = free_ports(1)
    with serving(tmp_path / "home", options=["--single"]) as server:
        server.run("user", "add", "ada", "--display", "Ada", "--password-stdin", typed=PASSWORD)
        back = ["--redirect-uri", f"http://localhost:{port}/callback"]
        told = server.run("client", "add", "Guarded", *back).stdout
        client = dict(line.split("=", 1) for line in told.split())
        process = started(tmp_path / "apache", port, server.local, client)
        try:
            yield server.local, f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(20)


def started(folder: Path, port: int, issuer: str, client: dict[str, str]) -> subprocess.Popen[bytes]:
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "secret.txt").write_text("the page")
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    names = {"user": "www-data", "group": "www-data"} if is_root else {"user": "#-1", "group": "#-1"}
    config = folder / "apache.conf"
    config.write_text(
        CONFIG.format(folder=folder, port=port, issuer=issuer, modules=MODULES, **client, **names)
    )
    for above in (folder, *folder.parents):
        if is_root and above.owner() == "root" and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    process = subprocess.Popen([APACHE, "-DFOREGROUND", "-f", str(config)])
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            httpx.get(f"http://localhost:{port}/", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return process
    log = folder / "error.log"
    raise AssertionError(log.read_text() if log.is_file() else "Apache did not start")


def test_apache_lets_in_who_signed_in_here(apache: tuple[str, str]) -> None:
    provider, site = apache
    with httpx.Client(headers=HEADERS, follow_redirects=True) as browser:
        asked = browser.get(f"{site}/secret.txt")
        assert asked.url.path == "/signin"
        wish = {"name": "ada", "password": PASSWORD, "next": asked.url.params["next"]}
        consent = browser.post(f"{provider}/signin", data=wish)
        sealed = re.findall(r'name="request" value="([^"]+)"', consent.text)[0]
        done = browser.post(f"{provider}/oauth/consent", data={"request": sealed, "decision": "allow"})
        page = browser.get(unescape(re.findall(r'content="0; url=([^"]+)"', done.text)[0]))
    assert page.text == "the page"
    assert page.headers["x-person"].startswith("ada")
