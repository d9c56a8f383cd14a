"""A real searx asks us, and we ask it: Debian's 1.1.0, whose JSON is that of SearXNG's search API."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from synfonium.testing.ports import free_ports
from synfonium.testing.server import RealServer

pytestmark = pytest.mark.full
READY_S = 30.0
THEME = Path("/usr/share/python3-searx")


@contextmanager
def searx(folder: Path, engine_url: str) -> Iterator[str]:
    """A searx with one engine of its own, the JSON of `engine_url`."""
    program = shutil.which("searx-run")
    if program is None:
        pytest.skip("searx is not installed (Debian: searx)")
    [port] = free_ports(1)
    settings = folder / "searx.yml"
    settings.write_text(json.dumps(_settings(port, engine_url)))
    environment = {**os.environ, "SEARX_SETTINGS_PATH": str(settings)}
    with (folder / "searx.log").open("wb") as log:
        running = subprocess.Popen([program], env=environment, stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{port}/", running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


def _await(url: str, running: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        assert running.poll() is None, "searx ended"
        try:
            httpx.get(url, timeout=5)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("searx does not answer")


def _settings(port: int, engine_url: str) -> dict[str, object]:
    """Everything that searx reads, as its package brings no defaults (JSON is YAML)."""
    links = ("git_url", "git_branch", "issue_url", "docs_url", "public_instances", "wiki_url", "twitter_url")
    engine = {
        "name": "synfonium",
        "engine": "json_engine",
        "shortcut": "sy",
        "categories": "general",
        "search_url": f"{engine_url}/api/search?q={{query}}",
        "results_query": "results",
        "url_query": "url",
        "title_query": "title",
        "content_query": "snippet",
        "paging": False,
        "enable_http": True,
        "timeout": 5.0,
        "disabled": False,
    }
    return {
        "general": {"debug": False, "instance_name": "searx", "contact_url": False, "enable_stats": False},
        "brand": dict.fromkeys(links, ""),
        "search": {
            "safe_search": 0,
            "autocomplete": "",
            "default_lang": "",
            "ban_time_on_fail": 5,
            "max_ban_time_on_fail": 120,
            "prefer_configured_language": False,
        },
        "server": {
            "port": port,
            "bind_address": "127.0.0.1",
            "secret_key": "only for a test",
            "base_url": False,
            "image_proxy": False,
            "http_protocol_version": "1.0",
            "method": "GET",
            "default_http_headers": {},
        },
        "ui": {
            "static_path": str(THEME / "static"),
            "templates_path": str(THEME / "templates"),
            "default_theme": "oscar",
            "default_locale": "",
            "theme_args": {"oscar_style": "logicodev"},
        },
        "outgoing": {
            "request_timeout": 5.0,
            "useragent_suffix": "",
            "pool_connections": 10,
            "pool_maxsize": 10,
        },
        "checker": {},
        "engines": [engine],
        "locales": {"en": "English", "fr": "Français"},
        "doi_resolvers": {"doi.org": "https://doi.org/"},
        "default_doi_resolver": "doi.org",
    }


def test_a_real_searx_is_asked_and_what_it_found_is_shown_with_its_name(tmp_path: Path) -> None:
    town, ours = RealServer(tmp_path / "town"), tmp_path / "ours"
    pages = tmp_path / "pages.jsonl"
    pages.write_text(json.dumps({"url": "https://ville.example/", "title": "Mairie", "text": "La mairie."}))
    town.start()
    try:
        town.run("search", "add", str(pages))
        with searx(tmp_path, town.url) as url:
            settings = {
                "SYNFONIUM_SEARCH_OUTSIDE": f"searxng={url}",
                "SYNFONIUM_SEARCH_OUTSIDE_LOCAL": "true",
            }
            settings["SYNFONIUM_SEARCH_OUTSIDE_DEADLINE_MS"] = "5000"
            asking = RealServer(ours, environment=settings)
            asking.start()
            try:
                found = httpx.get(f"{asking.url}/api/search?q=mairie&outside=1", timeout=20).json()
            finally:
                asking.stop()
    finally:
        town.stop()
    assert [(one["url"], one["sources"]) for one in found["results"]] == [
        ("https://ville.example/", ["searxng"])
    ]
    assert found["outside"] == {"searxng": "answered"}
