"""Tools and tool calls in the ways that sources write them, brought into one form."""

from typing import Any

from luthier.data.problems import Problems, kind_of
from luthier.domain.datasets import ToolCall

_CALL_EXPECTED = '{"name": "...", "arguments": {...}}'


def read_tools(value: Any, column: str, problems: Problems) -> tuple[dict[str, Any], ...]:
    """The tools of a row, each as {"type": "function", "function": {...}}; none when the field is empty."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ()
    listed = problems.json(value, column)
    if listed is None:
        return ()
    tools = [_tool(each) for each in (listed if isinstance(listed, list) else [listed])]
    if None in tools:
        expected = 'a list of {"name": "...", "description": "...", "parameters": {...}}'
        problems.error("tool_broken", "A tool has no name.", column, expected)
        return ()
    return tuple(tool for tool in tools if tool is not None)


def read_calls(value: Any, column: str, problems: Problems) -> tuple[ToolCall, ...]:
    """One call or a list of calls, as JSON or as JSON in a text."""
    if value is None:
        return ()
    listed = problems.json(value, column)
    calls = [_call(each, column, problems) for each in (listed if isinstance(listed, list) else [listed])]
    return tuple(call for call in calls if call is not None)


def _tool(value: Any) -> dict[str, Any] | None:
    function = value.get("function", value) if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        return None
    return value if "function" in value else {"type": "function", "function": function}


def _call(value: Any, column: str, problems: Problems) -> ToolCall | None:
    if value is None:  # not JSON; that is already a finding
        return None
    function = value.get("function", value) if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        problems.error("tool_call_broken", f"A tool call is {kind_of(value)} without a name.", column, _CALL_EXPECTED)
        return None
    arguments = function.get("arguments", function.get("parameters"))
    if arguments is None or arguments == "":
        arguments = {}
    arguments = problems.json(arguments, column)
    if arguments is None:
        return None
    if not isinstance(arguments, dict):
        sentence = f"The arguments of the tool call {function['name']!r} are {kind_of(arguments)}."
        problems.error("tool_call_broken", sentence, column, _CALL_EXPECTED)
        return None
    call_id = value.get("id")
    return ToolCall(function["name"], arguments, call_id if isinstance(call_id, str) else None)
