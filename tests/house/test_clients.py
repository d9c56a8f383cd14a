"""The clients of Python and TypeScript are as they would be made now, fit their languages, and reach a
running server."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from synfonium.apps.fabric.model.manifest import parse_manifest
from synfonium.testing.server import real_server
from tests.architecture.house import NODE, NODE_MODULES, ROOT

PYTHON, TYPESCRIPT = ROOT / "clients" / "python", ROOT / "clients" / "typescript"
SCRIPT = """
import { Refused, Synfonium } from "./index.js";
const [url, token] = process.argv.slice(2);
const home = new Synfonium(url, token);
const held = await home.fabric_held();
const names = (await home.fabric_list_actions({ on: "" })).map((one) => one.name);
const refused = await home.fabric_describe("drive:node/none").catch((fault) => fault);
console.info(JSON.stringify([held, names, refused instanceof Refused, refused.code]));
"""


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("clients", ROOT / "scripts" / "clients.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["clients"] = module
    spec.loader.exec_module(module)
    return module


async def test_the_clients_are_as_the_script_would_make_them_now(generator: ModuleType) -> None:
    made = generator.clients(await generator.described())
    stale = [path for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run scripts/clients.py"


def test_the_python_client_and_the_app_that_uses_it_pass_the_strict_type_checker(tmp_path: Path) -> None:
    sources = (PYTHON / "src", ROOT / "examples" / "hello-app" / "src")
    words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *map(str, sources)]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, sources))}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_example_passes_its_own_tests_and_its_manifest_is_good(tmp_path: Path) -> None:
    hello = ROOT / "examples" / "hello-app"
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        hello,
        hello / "tests",
    ]
    path = os.pathsep.join(str(folder) for folder in (hello / "src", PYTHON / "src"))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout
    parsed = parse_manifest((hello / "synfonium.app.json").read_bytes())
    assert parsed.findings == ()


def compiled(folder: Path) -> Path:
    words = [NODE, NODE_MODULES / "typescript" / "bin" / "tsc", "-p", TYPESCRIPT, "--outDir", folder]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return folder


def test_the_typescript_client_compiles(tmp_path: Path) -> None:
    assert (compiled(tmp_path) / "index.d.ts").is_file()


@pytest.mark.full
def test_both_clients_reach_a_running_server_and_are_refused_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = compiled(tmp_path / "built")
    (folder / "try.mjs").write_text(SCRIPT)
    (folder / "package.json").write_text('{"type": "module"}')
    monkeypatch.syspath_prepend(str(PYTHON / "src"))
    from synfonium_client import Refused, Synfonium

    with real_server(tmp_path / "home", options=["--single"]) as server:
        token = server.person("ana")
        words = [NODE, folder / "try.mjs", server.url, token]
        told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        with Synfonium(server.url, token) as home:
            names = [one["name"] for one in home.fabric_list_actions(on="")]
            assert told == [home.fabric_held(), names, True, "fabric.no_object"]
            with pytest.raises(Refused) as refusal:
                home.fabric_describe("drive:node/none")
    assert (refusal.value.status, refusal.value.code) == (404, "fabric.no_object")
