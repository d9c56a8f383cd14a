"""OpenAPI 3.1 of the typed doors, as clients are generated from: operations by their names, who may
come in, and what a refusal looks like."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

import msgspec
from litestar import MediaType, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from synfonium.kernel.versions import product_version

PATH = "/api/openapi.json"
REFS = "#/components/schemas/{name}"
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Why something was refused (RFC 9457). code: stable, for programs; title and detail: "
    "for people, in the language that was asked for.",
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["type", "status", "code", "title"],
}
REFUSED = {
    "description": "Refused, and why",
    "content": {"application/problem+json": {"schema": {"$ref": REFS.format(name="Problem")}}},
}
SCHEMES = {
    "app": {
        "type": "oauth2",
        "description": "An access token of an app, for one person (RFC 6749, 7636, 9126, 9396).",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/oauth/authorize",
                "tokenUrl": "/oauth/token",
                "refreshUrl": "/oauth/token",
                "scopes": {"openid": "who the person is, as this app alone knows them"},
            }
        },
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that a person made for a program of theirs, a grant's secret, or a biscuit.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "session", "description": "A signed-in browser."},
}
_REF = re.compile(r'"#/components/schemas/([^"]+)"')
_NOISE = {"deprecated": False, "allowEmptyValue": False, "allowReserved": False}


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a door takes and gives beside its types, for one that reads or answers by itself.
    takes, gives: types; sent, answered: their media types; headers: names of those that it reads."""

    takes: Any = None
    gives: Any = None
    sent: str = "application/json"
    answered: str = "application/json"
    headers: tuple[str, ...] = ()


class _Plugin(JsonRenderPlugin):
    """Completes what Litestar says, once."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.JSON)
        self.handlers: dict[str, HTTPRouteHandler] = {}
        self._named: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._rendered = b""

    def operation_id(self, handler: HTTPRouteHandler, method: Any, path: Sequence[Any]) -> str:
        """`fabric_describe`; a second door of the name is told apart by its module, or its address."""
        app, name = str(handler.opt.get("app", "")), handler.fn.__name__.rstrip("_")
        room = handler.fn.__module__.rpartition(".")[2]
        steps = tuple(str(getattr(step, "name", step)) for step in path)
        address = re.sub("[^a-z0-9_]", "_", "_".join(steps).lower())
        for found in (f"{app}_{name}", f"{app}_{room}_{name}", f"{app}_{name}_{address}"):
            if self._named.setdefault(found, (str(method), steps)) == (str(method), steps):
                self.handlers[found] = handler
                return found
        raise AssertionError(f"{handler.fn.__module__}.{name} has no name of its own")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if not self._rendered:
            self._rendered = self.render_json(request, completed(openapi_schema, self.handlers))
        return self._rendered


def configuration() -> OpenAPIConfig:
    plugin = _Plugin()
    return OpenAPIConfig(
        title="Synfonium",
        version=product_version(),
        path=PATH,
        operation_id_creator=plugin.operation_id,
        use_handler_docstrings=True,
        render_plugins=[plugin],
    )


def completed(schema: dict[str, Any], handlers: Mapping[str, HTTPRouteHandler]) -> dict[str, Any]:
    """With security, refusals, the bodies that doors read by themselves, and types as msgspec
    describes them: with their docstrings, and tuples of any length."""
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for operations in schema["paths"].values():
        operations.pop("options", None)
        for operation in operations.values():
            handler = handlers.get(operation["operationId"])
            if handler is not None:
                _complete(operation, handler, schemas)
    return _tidied(schema)


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: dict[str, Any]) -> None:
    operation.pop("deprecated", None)
    for parameter in operation.get("parameters", ()):
        for name, usual in _NOISE.items():
            if parameter.get(name) == usual:
                del parameter[name]
    responses = operation["responses"]
    responses.pop("400", None)
    responses["4XX"] = REFUSED
    operation["security"] = _security(handler.opt["entry"])
    described = handler.opt.get("described")
    _describe(operation, described or _of_types(operation, handler), str(handler.opt.get("app", "")), schemas)


def _security(entry: Any) -> list[dict[str, list[str]]]:
    """Each of these is enough; none for a public door."""
    if not entry.wants_person:
        return []
    ways: list[dict[str, list[str]]] = [{"session": []}, {"bearer": []}]
    if entry.scopes:
        ways = [{"app": []}, *ways]
    return [{}, *ways] if entry.is_public else ways


def _of_types(operation: Mapping[str, Any], handler: HTTPRouteHandler) -> Described:
    """What the signature says, where it is JSON."""
    signature = handler.parsed_fn_signature
    data = signature.parameters.get("data")
    is_json = _is_json(operation.get("requestBody") or {})
    success = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    given = signature.return_type.annotation
    inner = get_args(given)[0] if get_args(given) and _is_response(get_origin(given)) else given
    return Described(
        takes=data.annotation if data is not None and is_json else None,
        gives=inner if _is_json(success) and _can_be_told(inner) else None,
    )


def _is_json(part: Mapping[str, Any]) -> bool:
    return "application/json" in part.get("content", {})


def _can_be_told(kind: Any) -> bool:
    """Whether msgspec has a schema of it; Litestar's stays for what it alone knows."""
    if kind in (None, type(None), Any) or _is_response(kind):
        return False
    try:
        msgspec.json.schema_components([kind])
    except TypeError:
        return False
    return True


def _is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


def _describe(operation: dict[str, Any], said: Described, app: str, schemas: dict[str, Any]) -> None:
    if said.takes is not None:
        body = {said.sent: {"schema": _schema_of(said.takes, app, schemas)}}
        operation["requestBody"] = {"content": body, "required": True}
    if said.gives is not None:
        status = next(code for code in operation["responses"] if code.startswith("2"))
        content = {said.answered: {"schema": _schema_of(said.gives, app, schemas)}}
        operation["responses"][status] = {"description": "Done", "content": content}
    for name in said.headers:
        field = {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        operation.setdefault("parameters", []).append(field)


def _schema_of(type_: Any, app: str, schemas: dict[str, Any]) -> Any:
    (found,), parts = msgspec.json.schema_components(
        [type_], ref_template=REFS.replace("{name}", f"{app}.{{name}}")
    )
    schemas |= {f"{app}.{name}": part for name, part in parts.items()}
    return found


def _tidied(schema: dict[str, Any]) -> dict[str, Any]:
    """Without types that nothing refers to; `fabric.Held` is called `Held` when no other is."""
    schemas = schema["components"].pop("schemas")
    used: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for name in _REF.findall(msgspec.json.encode(waiting.pop()).decode()):
            if name not in used:
                used[name] = schemas[name]
                waiting.append(schemas[name])
    short = Counter(name.rpartition(".")[2] for name in used)
    names = {name: _short(name, short) for name in used}
    schema["components"]["schemas"] = {names[name]: used[name] for name in sorted(used)}
    text = msgspec.json.encode(schema).decode()
    tidy: dict[str, Any] = msgspec.json.decode(
        _REF.sub(lambda at: f'"{REFS.format(name=names[at[1]])}"', text)
    )
    return tidy


def _short(name: str, known: Mapping[str, int]) -> str:
    app, _, last = name.rpartition(".")
    return last if known[last] == 1 else f"{app.title()}{last}"
