"""Apps of strangers, on web origins of their own, beside a served home."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext
from tests.journeys.serving import ROOT, Server

from synfonium.testing.ports import free_ports

HELLO = ROOT / "examples" / "hello-app"
START_S = 20.0
LOCAL_APPS = {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}


@dataclass
class Stranger:
    """A running app. `told`: what its author got when its manifest was registered."""

    origin: str
    told: Mapping[str, str]
    process: subprocess.Popen[bytes]


@contextmanager
def hello_app(server: Server, folder: Path, host: str = "hello.localhost") -> Iterator[Stranger]:
    """examples/hello-app, registered for everybody, on another host than the home."""
    (port,) = free_ports(1)
    origin = f"http://{host}:{port}"
    told = registered(server, HELLO / "synfonium.app.json", origin)
    environment = {
        **os.environ,
        "SYNFONIUM": server.local,
        "CLIENT_ID": told["client_id"],
        "CLIENT_SECRET": told["client_secret"],
        "WEBHOOK_SECRET": told["webhook_secret"],
        "PORT": str(port),
        "ORIGIN": origin,
        "FOLDER": str(folder),
        "PYTHONPATH": os.pathsep.join([str(HELLO / "src"), str(ROOT / "clients" / "python" / "src")]),
    }
    with (folder / "hello.log").open("ab") as log:
        command = [sys.executable, "-m", "hello_app"]
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process, folder / "hello.log")
        yield Stranger(origin, told, process)
    finally:
        process.terminate()
        process.wait(10)


def registered(server: Server, manifest: Path, origin: str) -> dict[str, str]:
    lines = server.run("app", "install", str(manifest), "--origin", origin).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            httpx.get(url, timeout=3)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} did not come up: {log.read_text()[-2000:]}")


def files_of(server: Server, name: str, token: str, files: Mapping[str, bytes]) -> None:
    """Puts files into somebody's Drive."""
    with httpx.Client(base_url=server.local, headers={"authorization": f"Bearer {token}"}) as drive:
        for path, content in files.items():
            answer = drive.put(f"/dav/files/{name}/{path}", content=content)
            assert answer.status_code == 201, answer.text


@contextmanager
def pages_at(
    host: str,
    port: int,
    pages: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    of_pages: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[str]:
    """A web origin with these pages and nothing else. headers: of all; of_pages: of some besides."""
    origin = f"http://{host}:{port}"

    class Doors(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            content = pages.get(path)
            body = (content or "").encode()
            self.send_response(200 if content is not None else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            for name, value in {**(headers or {}), **(of_pages or {}).get(path, {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Doors)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def signed_in(context: BrowserContext, served: Server, name: str) -> BrowserContext:
    """The same browser, signed in at the home by a password."""
    page = context.new_page()
    page.goto(f"{served.local}/signin")
    page.get_by_text("With a password").click()
    page.get_by_label("Account name").fill(name)
    page.get_by_label("Password").fill(f"{name}-password-1")
    page.get_by_role("button", name="Come in", exact=True).click()
    page.wait_for_url(f"{served.local}/")
    page.close()
    return context
