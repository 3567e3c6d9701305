"""The one form that examples have on disk: a JSON object per line, fields at their defaults left out."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from luthier.domain.datasets import DatasetUnreadable, Example, Message, Origin, Role, ToolCall
from luthier.kit.files import writing_atomically

_ROLES = {role.value: role for role in Role}
_PLAIN = 2  # fields of a message: its role and its content
_WITHOUT_NUMBERS = {"row", "messages", "text", "category"}  # but for the row's own


def write_examples(path: Path, examples: Iterable[Example]) -> str:
    """Writes one example per line, whole or not at all, in bounded memory; returns the file's sha256."""
    return write_lines(path, map(to_line, examples))


def write_lines(path: Path, lines: Iterable[bytes]) -> str:
    """As `write_examples`, of lines that are canonical already; a piece may hold several of them."""
    digest = hashlib.sha256()
    with writing_atomically(path) as file:
        for piece in lines:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def read_examples(path: Path) -> Iterator[Example]:
    """The examples of a file written by `write_examples`; raises DatasetUnreadable for any other file."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            yield from_line(line, path, number)


def from_line(line: bytes, path: Path, number: int) -> Example:
    """The example of line `number` of `path`; raises DatasetUnreadable."""
    try:
        return from_dict(_parsed(line))
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetUnreadable(
            source=path, kind="canonical examples", reason=f"line {number} is damaged", details=repr(error)
        ) from error


def _parsed(line: bytes) -> Any:
    """The fast parser rounds integers beyond 64 bits, which only the rarer fields can hold."""
    document = orjson.loads(line)
    return document if isinstance(document, dict) and _is_plain(document) else json.loads(line.decode())


def to_line(example: Example) -> bytes:
    document = to_dict(example)
    if _is_plain(document):
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    # The standard library's writer keeps integers of any size exact; orjson refuses those beyond 64 bits.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _is_plain(document: dict[str, Any]) -> bool:
    """Whether it holds no number but that of its row."""
    if not document.keys() <= _WITHOUT_NUMBERS:
        return False
    return all(len(each) == _PLAIN for each in document.get("messages", ()))


def to_dict(example: Example) -> dict[str, Any]:
    document: dict[str, Any] = {"row": example.row, **content_of(example)}
    if example.category:
        document["category"] = example.category
    if example.origin is not None:
        document["origin"] = [example.origin.dataset_id, example.origin.row, *example.origin.changes]
    return document


def content_of(example: Example) -> dict[str, Any]:
    """What is learned from it: all but where it stands, what it is filed under and where it comes from."""
    if example.text:
        return {"text": example.text}
    document: dict[str, Any] = {"messages": [message_to_dict(each) for each in example.messages]}
    if example.tools:
        document["tools"] = list(example.tools)
    if example.rejected:
        document["rejected"] = [message_to_dict(each) for each in example.rejected]
    if example.desirable is not None:
        document["desirable"] = example.desirable
    return document


def from_dict(document: dict[str, Any]) -> Example:
    return Example(
        row=document["row"],
        messages=tuple(_message_from(each) for each in document.get("messages", ())),
        tools=tuple(document.get("tools", ())),
        text=document.get("text", ""),
        origin=_origin_from(document.get("origin")),
        rejected=tuple(_message_from(each) for each in document.get("rejected", ())),
        desirable=document.get("desirable"),
        category=document.get("category", ""),
    )


def message_to_dict(message: Message) -> dict[str, Any]:
    document: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.reasoning is not None:
        document["reasoning"] = message.reasoning
    if message.tool_calls:
        document["tool_calls"] = [_call_to_dict(call) for call in message.tool_calls]
    if message.name is not None:
        document["name"] = message.name
    if not message.train:
        document["train"] = False
    return document


def _call_to_dict(call: ToolCall) -> dict[str, Any]:
    document: dict[str, Any] = {"name": call.name, "arguments": call.arguments}
    if call.id is not None:
        document["id"] = call.id
    return document


def _origin_from(value: list[Any] | None) -> Origin | None:
    if value is None:
        return None
    dataset_id, row, *changes = value
    return Origin(dataset_id, row, tuple(changes))


def _message_from(document: dict[str, Any]) -> Message:
    if len(document) == _PLAIN:
        return Message(_ROLES[document["role"]], document["content"])
    return Message(
        role=_ROLES[document["role"]],
        content=document["content"],
        reasoning=document.get("reasoning"),
        tool_calls=tuple(
            ToolCall(name=call["name"], arguments=call["arguments"], id=call.get("id"))
            for call in document.get("tool_calls", ())
        ),
        name=document.get("name"),
        train=document.get("train", True),
    )
