"""Declared actions as tools of the Model Context Protocol (MCP), 2025-06-18."""

from collections.abc import Mapping
from typing import Any

from synfonium.apps.fabric.contract import Offered

OBJECT = "object"
_ABOUT = "The address of the thing that this is done with, such as drive:root. It has one of: {kinds}."


def tool_name(action: str) -> str:
    """`drive.new_folder` is the tool `drive_new_folder`: no app has an underscore in its name."""
    return action.replace(".", "_", 1)


def action_name(tool: str) -> str:
    return tool.replace("_", ".", 1)


def as_tool(one: Offered) -> dict[str, Any]:
    """An entry of `tools/list`."""
    return {
        "name": tool_name(one.name),
        "title": one.title,
        "description": f"{one.app_title}: {one.description or one.title}",
        "inputSchema": _input(one),
        "annotations": {
            "title": one.title,
            "readOnlyHint": one.effect == "look",
            "destructiveHint": one.effect != "look",
            "openWorldHint": one.effect == "beyond",
        },
    }


def _input(one: Offered) -> dict[str, Any]:
    schema = {"type": "object", **one.input}
    if not one.on:
        return schema
    named = {"type": "string", "description": _ABOUT.format(kinds=", ".join(one.on))}
    member = _member(one)
    return {
        **schema,
        "properties": {member: named, **schema.get("properties", {})},
        "required": [member, *schema.get("required", ())],
    }


def arguments_of(one: Offered, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The object and the input of a call. What is no address stays one that nothing is at."""
    member = _member(one) if one.on else ""
    object_ = arguments.get(member, "")
    rest = {name: value for name, value in arguments.items() if name != member}
    return object_ if isinstance(object_, str) else "", rest


def _member(one: Offered) -> str:
    return OBJECT if OBJECT not in one.input.get("properties", {}) else f"_{OBJECT}"
