"""The web front is built from whatever apps there are, with a name for each page to ask for."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.house import NODE, NODE_MODULES, ROOT

FILES = {
    "web/kit/kit.css": "body { color: teal; background: url('./mark.svg') }",
    "web/kit/mark.svg": '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "web/kit/hello.ts": 'export const hello = (name: string): string => `hello ${name}`;\nhello("kit");\n',
    "web/kit/fonts/sans.woff2": "no real font",
    "web/kit/elements/elements.ts": 'import { part } from "./part";\npart("");\n',
    "web/kit/elements/part.ts": "export const part = (name: string): string => `part ${name}`;\n",
    "src/synfonium/apps/alpha/web/explorer.ts": (
        'import { LitElement, html } from "lit";\nimport { hello } from "@kit/hello.ts";\n'
        'customElements.define("a", class extends LitElement { render() { return html`${hello("a")}` } });\n'
    ),
    "src/synfonium/apps/alpha/web/explorer.css": "a { display: block }",
    "src/synfonium/apps/alpha/web/parts/inner.ts": "export const inner = 1;\n",
    "src/synfonium/apps/beta/__init__.py": "",
}


@pytest.fixture
def front(tmp_path: Path) -> Path:
    for name in ("package.json", "tsconfig.json", "vite.config.ts"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _build(front: Path) -> dict[str, str]:
    words = [NODE, NODE_MODULES / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn"]
    done = subprocess.run(words, cwd=front, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest: dict[str, str] = json.loads((_static(front) / "manifest.json").read_text())
    return manifest


def _static(front: Path) -> Path:
    return front / "src" / "synfonium" / "static"


def test_every_source_directly_in_a_web_folder_has_a_built_file(front: Path) -> None:
    manifest = _build(front)
    assert set(manifest) == {
        "alpha/explorer.css",
        "alpha/explorer.js",
        "kit/elements.js",
        "kit/hello.js",
        "kit/kit.css",
        "kit/mark.svg",
        "kit/sans.woff2",
    }
    assert all((_static(front) / name).is_file() for name in manifest.values())


def test_what_strangers_pages_load_keeps_its_name(front: Path) -> None:
    assert _build(front)["kit/elements.js"] == "kit/elements.js"
    (front / "web" / "kit" / "elements" / "part.ts").write_text(
        "export const part = (a: string): string => a;\n"
    )
    assert _build(front)["kit/elements.js"] == "kit/elements.js"


def test_a_style_sheet_and_a_page_mean_the_same_picture(front: Path) -> None:
    manifest = _build(front)
    sheet = (_static(front) / manifest["kit/kit.css"]).read_text()
    assert Path(manifest["kit/mark.svg"]).name in sheet


def test_what_is_built_names_no_path_of_the_machine_that_built_it(front: Path) -> None:
    _build(front)
    for path in _static(front).rglob("*"):
        if path.is_file():
            assert str(front).encode() not in path.read_bytes(), path.name
            assert b"sourceMappingURL" not in path.read_bytes()


def test_only_a_changed_source_gets_a_new_name(front: Path) -> None:
    before = _build(front)
    (front / "web" / "kit" / "kit.css").write_text("body { color: navy }")
    after = _build(front)
    assert before["kit/kit.css"] != after["kit/kit.css"]
    assert before["alpha/explorer.js"] == after["alpha/explorer.js"]
