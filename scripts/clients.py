"""Makes the clients of Python and TypeScript from /api/openapi.json:

    .venv/bin/python scripts/clients.py          # writes them
    .venv/bin/python scripts/clients.py --check  # says whether they are as they would be written

Of the doors that apps may call, one method each, called as the operation; what goes in and comes
out as plain data with types. A generator of our own, since those of the registries make a package
of sixty files of it (openapi-python-client), or hold the compiler back (openapi-typescript).
"""

import argparse
import asyncio
import json
import keyword
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = "/api/openapi.json"
PUBLIC = ("/fabric/", "/api/search")
METHODS = ("get", "put", "post", "patch", "delete")
WIDTH = 96
PYTHON = ROOT / "clients" / "python" / "src" / "synfonium_client"
TYPESCRIPT = ROOT / "clients" / "typescript" / "src" / "generated.ts"

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    schema: Schema
    is_required: bool

    @property
    def word(self) -> str:
        """As an argument is called."""
        word = self.name.replace("-", "_").lower()
        return f"{word}_" if keyword.iskeyword(word) else word


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    about: str
    parameters: Sequence[Parameter]
    body: Schema | None
    sent: str
    answer: Schema | None


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the clients from /api/openapi.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when they are stale")
    is_check = parser.parse_args().check
    stale = []
    for path, text in clients(asyncio.run(described())).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not is_check:
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'stale' if is_check else 'written'}: {path.relative_to(ROOT)}")
    return int(is_check and bool(stale))


async def described() -> dict[str, Any]:
    """What an installation says of its doors."""
    from synfonium.testing.client import installation

    with tempfile.TemporaryDirectory() as folder:
        async with installation(Path(folder) / "home") as house, house.client() as client:
            return dict((await client.get(OPENAPI)).json())


def clients(openapi: Schema) -> dict[Path, str]:
    """Path to content."""
    schemas = openapi["components"]["schemas"]
    found = sorted(operations(openapi), key=lambda one: one.name)
    used = _used(found, schemas)
    return {
        PYTHON / "types.py": _formatted(python_types(used)),
        PYTHON / "calls.py": _formatted(python_calls(found, used, is_async=False)),
        PYTHON / "waiting.py": _formatted(python_calls(found, used, is_async=True)),
        TYPESCRIPT: typescript(found, used),
    }


def _formatted(text: str) -> str:
    words = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "110", "-"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout


def operations(openapi: Schema) -> Iterator[Operation]:
    """Those that an app may call and that answer at once."""
    for path, methods in openapi["paths"].items():
        for method, one in methods.items():
            if method not in METHODS or not _is_for_apps(path, one):
                continue
            sent, body = _content((one.get("requestBody") or {}).get("content"))
            kind, answer = _content(_success(one).get("content"))
            if kind == "text/event-stream":
                continue
            yield Operation(
                name=one["operationId"],
                method=method.upper(),
                path=path,
                about=one.get("description") or one.get("summary") or "",
                parameters=[_parameter(each) for each in one.get("parameters", ())],
                body=body,
                sent=sent,
                answer=answer,
            )


def _is_for_apps(path: str, operation: Schema) -> bool:
    ways = operation.get("security", [])
    return any("app" in way for way in ways) or ((not ways or {} in ways) and path.startswith(PUBLIC))


def _success(operation: Schema) -> Schema:
    return next(answer for status, answer in operation["responses"].items() if status.startswith("2"))


def _content(content: Schema | None) -> tuple[str, Schema | None]:
    for kind, found in (content or {}).items():
        schema = found.get("schema") or {}
        return kind, None if schema == {"type": "null"} else schema
    return "", None


def _parameter(one: Schema) -> Parameter:
    return Parameter(one["name"], one["in"], one.get("schema") or {}, bool(one.get("required")))


def _used(found: Sequence[Operation], schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The named types that the operations need, with those within them; by name."""
    names: set[str] = {"Problem"}
    waiting: list[Any] = [schemas["Problem"]]
    for one in found:
        waiting += [one.body, one.answer, *(parameter.schema for parameter in one.parameters)]
    while waiting:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(waiting.pop())):
            if name not in names:
                names.add(name)
                waiting.append(schemas[name])
    return {name: schemas[name] for name in sorted(names)}


def _name(reference: str) -> str:
    return re.sub(r"\W", "_", reference.rpartition("/")[2])


def _forms(schema: Schema) -> list[Schema]:
    """The alternatives of a schema; a list of types is one, too."""
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return list(schema.get("anyOf") or schema.get("oneOf") or [])


# Python


HEADER = """# SPDX-License-Identifier: Apache-2.0
# Made by scripts/clients.py from /api/openapi.json; changes belong there.
"""


def python_types(schemas: Mapping[str, Schema]) -> str:
    types = "\n\n".join(_python_type(name, schema) for name, schema in schemas.items())
    return f'''{HEADER}"""What goes in at the doors that apps may come in at, and what comes out."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

{types}
'''


def python_calls(found: Sequence[Operation], schemas: Mapping[str, Schema], *, is_async: bool) -> str:
    calls = "\n".join(_python_call(one, is_async=is_async) for one in found)
    code = re.sub(r'""".*?"""', "", calls, flags=re.DOTALL)
    named = sorted(name for name in schemas if re.search(rf"\b{name}\b", code))
    any_ = "from typing import Any\n\n" if re.search(r"\bAny\b", calls) else ""
    base, name, about = (
        ("AsyncBase", "AsyncSynfonium", "As Synfonium, for asyncio.")
        if is_async
        else ("Base", "Synfonium", "An installation, as one credential sees it. Each call raises Refused.")
    )
    return f'''{HEADER}"""Calls of the doors that apps may come in at{", for asyncio" if is_async else ""}."""

from __future__ import annotations

{any_}from synfonium_client.base import {base}
from synfonium_client.types import {", ".join(named)}


class {name}({base}):
    """{about}"""

{calls}'''


def _python_type(name: str, schema: Schema) -> str:
    if "properties" not in schema:
        return f"\n{name} = {_python(schema)}"
    required = set(schema.get("required", ()))
    about = schema.get("description", "")
    lines = [f"\nclass {_name(name)}(TypedDict):"]
    lines += [textwrap.indent(_quoted(about), "    ")] if about else []
    for member, kind in schema["properties"].items():
        told = _python(kind)
        lines.append(f"    {member}: {told if member in required else f'NotRequired[{told}]'}")
    return "\n".join(lines)


def _python(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if forms := _forms(schema):
        return _union([_python(form) for form in forms])
    match schema.get("type"):
        case "array":
            return f"list[{_python(schema.get('items') or {})}]"
        case "object":
            more = schema.get("additionalProperties")
            return f"dict[str, {_python(more) if isinstance(more, dict) else 'Any'}]"
        case kind:
            plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
            return plain.get(str(kind), "Any")


def _union(parts: Sequence[str]) -> str:
    plain = [one for part in parts for one in ([part] if "[" in part else part.split(" | "))]
    return " | ".join(dict.fromkeys(plain))


def _python_call(one: Operation, *, is_async: bool) -> str:
    arguments = [f"{p.word}: {_python(p.schema)}" for p in one.parameters if p.is_required]
    arguments += [f"body: {_python(one.body)}"] if one.body is not None else []
    optional = [f"{p.word}: {_union([_python(p.schema), 'None'])} = None" for p in one.parameters]
    optional = [text for text, p in zip(optional, one.parameters, strict=True) if not p.is_required]
    given = ", ".join(["self", *arguments, *(["*", *optional] if optional else [])])
    answer = _python(one.answer) if one.answer is not None else "None"
    path = re.sub(r"\{(\w+)[^}]*\}", r"{self._part(\1)}", one.path)
    parts = [f'"{one.method}"', f'f"{path}"' if "{" in path else f'"{path}"']
    parts += _python_fields(one)
    waits = ("async ", "await ") if is_async else ("", "")
    return (
        f"    {waits[0]}def {one.name}({given}) -> {answer}:\n"
        f"{textwrap.indent(_quoted(one.about), '        ')}\n"
        f"        told: {answer} = {waits[1]}self._call({', '.join(parts)})\n"
        "        return told\n"
    )


def _python_fields(one: Operation) -> list[str]:
    found = []
    for place, argument in (("query", "query"), ("header", "headers")):
        named = [p for p in one.parameters if p.place == place]
        if named:
            found.append(f"{argument}={{{', '.join(f'{p.name!r}: {p.word}' for p in named)}}}")
    if one.body is not None:
        found += ["body=body", f'sent="{one.sent}"']
    return found


def _quoted(text: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH) or [""]
    return '"""' + "\n".join(lines).replace("\\", "\\\\") + ('"""' if len(lines) == 1 else '\n"""')


# TypeScript


def typescript(found: Sequence[Operation], schemas: Mapping[str, Schema]) -> str:
    types = "\n".join(_typescript_type(name, schema) for name, schema in schemas.items())
    calls = "\n".join(map(_typescript_call, found))
    return f"""// SPDX-License-Identifier: Apache-2.0
// Made by scripts/clients.py from /api/openapi.json; changes belong there.
import {{ Base, part }} from "./base.js";

{types}
/** An installation, as one credential sees it. Each call rejects with Refused. */
export class Synfonium extends Base {{
{calls}}}
"""


def _typescript_type(name: str, schema: Schema) -> str:
    about = _comment(schema.get("description", ""), "")
    if "properties" not in schema:
        return f"{about}export type {name} = {_typescript(schema)};\n"
    required = set(schema.get("required", ()))
    members = "".join(
        f"  {member}{'' if member in required else '?'}: {_typescript(kind)};\n"
        for member, kind in schema["properties"].items()
    )
    return f"{about}export interface {_name(name)} {{\n{members}}}\n"


def _typescript(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if forms := _forms(schema):
        return " | ".join(dict.fromkeys(map(_typescript, forms)))
    match schema.get("type"):
        case "array":
            inner = _typescript(schema.get("items") or {})
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case "object":
            more = schema.get("additionalProperties")
            return f"Record<string, {_typescript(more) if isinstance(more, dict) else 'unknown'}>"
        case kind:
            plain = {"integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
            return {"string": "string", **plain}.get(str(kind), "unknown")


def _typescript_call(one: Operation) -> str:
    needed = [f"{p.word}: {_typescript(p.schema)}" for p in one.parameters if p.is_required]
    needed += [f"body: {_typescript(one.body)}"] if one.body is not None else []
    optional = [p for p in one.parameters if not p.is_required]
    if optional:
        members = "; ".join(f"{p.word}?: {_typescript(p.schema)}" for p in optional)
        needed.append(f"more: {{ {members} }} = {{}}")
    answer = _typescript(one.answer) if one.answer is not None else "void"
    path = re.sub(r"\{(\w+)[^}]*\}", r"${part(\1)}", one.path)
    parts = [f'"{one.method}"', f"`{path}`" if "$" in path else f'"{path}"']
    fields = _typescript_fields(one)
    parts += [f"{{ {', '.join(fields)} }}"] if fields else []
    return (
        f"{_comment(one.about, '  ')}  {one.name}({', '.join(needed)}): Promise<{answer}> {{\n"
        f"    return this.call({', '.join(parts)});\n  }}\n"
    )


def _typescript_fields(one: Operation) -> list[str]:
    found = []
    for place, argument in (("query", "query"), ("header", "headers")):
        named = [p for p in one.parameters if p.place == place]
        values = (f'"{p.name}": {p.word if p.is_required else f"more.{p.word}"}' for p in named)
        found += [f"{argument}: {{ {', '.join(values)} }}"] if named else []
    return found + (["body", f'sent: "{one.sent}"'] if one.body is not None else [])


def _comment(text: str, indent: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()).replace("*/", "* /"), WIDTH)
    return f"{indent}/** {f'{chr(10)}{indent} * '.join(lines)} */\n" if lines else ""


if __name__ == "__main__":
    sys.exit(main())
