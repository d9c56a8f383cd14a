"""PATCH of RFC 7644, section 3.5.2, applied to a resource in the schema's spelling."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synfonium.libraries.scim.errors import ScimError, invalid_path, invalid_syntax, invalid_value
from synfonium.libraries.scim.filters import (
    Compare,
    Filter,
    Inside,
    Names,
    matches,
    parse_attribute,
    parse_filter,
)
from synfonium.libraries.scim.schemas import says

__all__ = ["PATCH", "Shape", "apply_patch"]

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1_000
Resource = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """What can be changed in a resource. own: its attributes; many: multi-valued ones;
    read_only: those that only the server sets; required: those that cannot be taken away."""

    names: Names
    own: frozenset[str]
    many: frozenset[str]
    read_only: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True)
class _Target:
    """Where an operation works: an attribute, values of it, a part of each."""

    name: str
    part: Filter | None = None
    sub: str = ""


def apply_patch(resource: Mapping[str, Any], body: Any, shape: Shape) -> Resource:
    """The resource after all operations; the given one stays as it is. Raises ScimError."""
    if not says(body, PATCH):
        raise invalid_syntax("This is not a PatchOp message.")
    operations = next((value for key, value in body.items() if key.lower() == "operations"), None)
    if not isinstance(operations, list) or not operations or len(operations) > MOST_OPERATIONS:
        raise invalid_syntax("A PatchOp has between one and a thousand operations.")
    changed = copy.deepcopy(dict(resource))
    for operation in operations:
        _apply(changed, operation, shape)
    return changed


def _apply(resource: Resource, operation: Any, shape: Shape) -> None:
    if not isinstance(operation, dict):
        raise invalid_syntax("An operation is an object.")
    kind, path = str(operation.get("op", "")).lower(), operation.get("path")
    if kind not in ("add", "replace", "remove"):
        raise invalid_syntax("An operation is add, replace or remove.")
    if path is not None and not isinstance(path, str):
        raise invalid_path("A path is a text.")
    if kind == "remove":
        if not path:
            raise ScimError(400, "noTarget", "Removing needs a path.")
        _remove(resource, _target(path, shape), operation.get("value"), shape)
        return
    if "value" not in operation:
        raise invalid_value("This operation needs a value.")
    if path:
        _set(resource, _target(path, shape), operation["value"], shape, is_add=kind == "add")
        return
    if not isinstance(operation["value"], dict):
        raise invalid_value("Without a path the value is an object.")
    for name, value in operation["value"].items():
        if str(name).lower() not in ("schemas", "id", "meta"):
            _set(resource, _target(str(name), shape), value, shape, is_add=kind == "add")


def _target(path: str, shape: Shape) -> _Target:
    """Raises ScimError `invalidPath` or `mutability`."""
    if "[" in path:
        target = _value_path(path, shape)
    else:
        attribute = parse_attribute(path, shape.names)
        target = _Target(attribute.name, sub=attribute.sub)
    if target.name in shape.read_only:
        raise ScimError(400, "mutability", "This attribute is set by the server.")
    return target


def _value_path(path: str, shape: Shape) -> _Target:
    head, _bracket, tail = path.rpartition("]")
    try:
        found = parse_filter(head + "]", shape.names)
    except ScimError as error:
        raise invalid_path(error.detail) from None
    if not isinstance(found, Inside):
        raise invalid_path("This is not the path of an attribute.")
    sub = parse_attribute(tail.removeprefix("."), shape.names).name if tail else ""
    return _Target(found.attribute.name, found.part, sub)


def _set(resource: Resource, target: _Target, value: Any, shape: Shape, *, is_add: bool) -> None:
    if target.part is not None:
        _set_values(resource, target, value, shape, is_add=is_add)
    elif target.sub:
        for one in _objects(resource, target, shape):
            one[target.sub] = value
    elif target.name in shape.many:
        given = value if isinstance(value, list) else [value]
        before = resource.get(target.name) or [] if is_add else []
        resource[target.name] = _joined(before, given)
    elif is_add and isinstance(value, dict) and isinstance(resource.get(target.name), dict):
        resource[target.name] |= _spelled(value, shape)
    else:
        resource[target.name] = _spelled(value, shape)


def _spelled(value: Any, shape: Shape) -> Any:
    if not isinstance(value, dict):
        return value
    return {shape.names.canonical.get(str(key).lower(), key): part for key, part in value.items()}


def _objects(resource: Resource, target: _Target, shape: Shape) -> list[Resource]:
    """The complex values whose part is meant; a single one is made when it is missing."""
    if target.name in shape.many:
        found = [one for one in resource.get(target.name) or [] if isinstance(one, dict)]
        if not found:
            raise ScimError(400, "noTarget", "There is no such value.")
        return found
    there = resource.setdefault(target.name, {})
    if not isinstance(there, dict):
        raise invalid_path("This attribute has no parts.")
    return [there]


def _set_values(resource: Resource, target: _Target, value: Any, shape: Shape, *, is_add: bool) -> None:
    values = resource.get(target.name) or []
    found = _those(values, target, shape)
    if not found:
        made = _as_wished(target) if is_add else None
        if made is None:
            raise ScimError(400, "noTarget", "There is no such value.")
        values = resource[target.name] = [*values, made]
        found = [made]
    for one in found:
        if target.sub:
            one[target.sub] = value
        elif isinstance(value, dict):
            one.update(_spelled(value, shape))
        else:
            raise invalid_value("A value of this attribute is an object.")
    if any(one.get("primary") is True for one in found):
        for other in values:
            if isinstance(other, dict) and other not in found:
                other["primary"] = False


def _as_wished(target: _Target) -> Resource | None:
    """A new value for which the simple condition of the path holds, as directories expect."""
    part = target.part
    if isinstance(part, Compare) and part.operator == "eq" and part.attribute.sub:
        return {part.attribute.sub: part.value}
    return None


def _those(values: Any, target: _Target, shape: Shape) -> list[Resource]:
    if not isinstance(values, list) or target.part is None:
        return []
    return [
        one
        for one in values
        if isinstance(one, dict) and matches(target.part, {target.name: one}, shape.names)
    ]


def _remove(resource: Resource, target: _Target, value: Any, shape: Shape) -> None:
    if target.part is not None:
        _remove_values(resource, target, shape)
    elif target.sub:
        for one in _objects(resource, target, shape) if target.name in resource else ():
            one.pop(target.sub, None)
    elif target.name in shape.required:
        raise ScimError(400, "mutability", "This attribute cannot be removed.")
    elif target.name in shape.many and value:
        # Some directories name the values to remove beside the path instead of in it.
        gone = {_key(one) for one in (value if isinstance(value, list) else [value])}
        resource[target.name] = [one for one in resource.get(target.name) or [] if _key(one) not in gone]
    else:
        resource.pop(target.name, None)


def _remove_values(resource: Resource, target: _Target, shape: Shape) -> None:
    found = _those(resource.get(target.name), target, shape)
    if not found:
        raise ScimError(400, "noTarget", "There is no such value.")
    if target.sub:
        for one in found:
            one.pop(target.sub, None)
        return
    gone = {id(one) for one in found}
    resource[target.name] = [one for one in resource[target.name] if id(one) not in gone]


def _joined(before: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """Values once each; a new primary one is the only one."""
    keys, joined = {_key(one) for one in before}, list(before)
    for one in given:
        if isinstance(one, dict) and one.get("primary") is True:
            joined = [{**other, "primary": False} if isinstance(other, dict) else other for other in joined]
        if _key(one) in keys:
            joined = [one if _key(other) == _key(one) else other for other in joined]
        else:
            keys.add(_key(one))
            joined.append(one)
    return joined


def _key(one: Any) -> str:
    if isinstance(one, dict):
        return f"{one.get('value')!r} {one.get('type')!r}" if "type" in one else repr(one.get("value"))
    return repr(one)
