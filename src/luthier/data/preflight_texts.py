"""The preflight checks that compare what the examples say with what the template makes of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from luthier.data.encode import EncodedSet
from luthier.data.preflight_findings import Checked, checked_rows
from luthier.data.render import Rendered, Renderer
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.errors import Action
from luthier.domain.findings import Level

_LOOK = Action(label="Look at the rows as tokens in the preflight report")


def check_turns(encoded: EncodedSet, samples: Sequence[tuple[Example, Rendered]], renderer: Renderer) -> Checked:
    """Silent killer 7: only the last answer is trained, or the mask slips. Decodes what is learned and compares."""
    rows = set(encoded.missed_turn_rows)
    rows |= {example.row for example, rendered in samples if not _learns_its_answers(example, rendered, renderer)}
    return checked_rows(
        "turn_not_trained",
        "Is what the model learns exactly what the answers say?",
        len(samples),
        sorted(rows),
        sentence="In {rows} an answer is not learned as it is written.",
        actions=(
            _LOOK,
            Action(label="Leave earlier answers out of the loss, with weight 0 on those turns"),
            Action(label="Choose a base model whose chat template keeps earlier turns as they are"),
        ),
    )


def check_content(samples: Sequence[tuple[Example, Rendered]]) -> Checked:
    """Silent killer 8: reasoning, tool calls or tools that the template drops without a word."""
    lost = {example.row: _lost(example, rendered.text) for example, rendered in samples}
    rows = [row for row, fields in lost.items() if fields]
    fields = sorted({field for each in lost.values() for field in each})
    return checked_rows(
        "content_lost",
        "Does everything that the examples say come out of the chat template?",
        len(samples),
        rows,
        sentence=f"The chat template drops {', '.join(fields)} of {{rows}}.",
        level=Level.WARNING,
        actions=(
            _LOOK,
            Action(label="Take the dropped parts out of the examples, or choose a base model that knows them"),
        ),
    )


def check_prompts(encoded: EncodedSet) -> Checked:
    """Silent killer 9: generation opens an answer otherwise than training did."""
    return checked_rows(
        "template_differs",
        "Does generation open an answer as training does?",
        len(encoded),
        encoded.other_prompt_rows,
        sentence="In {rows} the answer is opened otherwise in training than it will be when the model is used.",
        level=Level.WARNING,
        actions=(
            _LOOK,
            Action(label="Give the answers the reasoning that the template opens with, or choose another base model"),
        ),
    )


def check_control_words(examples: Sequence[Example], renderer: Renderer) -> Checked:
    """Text that spells a control token becomes one, and ends or opens a turn in the middle of it."""
    special = [renderer.files.added_tokens[token_id] for token_id in renderer.files.special_ids]
    spelled = re.compile("|".join(re.escape(token) for token in special if len(token) > 2) or r"(?!)")
    rows = [example.row for example in examples if any(spelled.search(text) for text in _texts_of(example))]
    return checked_rows(
        "control_token_in_text",
        "Are the texts free of control tokens?",
        len(examples),
        rows,
        sentence="The texts of {rows} spell a control token, which the model would take for the real one.",
        level=Level.WARNING,
        actions=(Action(label="Write the token differently in the examples, or remove it"), _LOOK),
    )


def _learns_its_answers(example: Example, rendered: Rendered, renderer: Renderer) -> bool:
    if not example.messages:
        return True
    answers = [message for message in example.messages if message.role is Role.ASSISTANT and message.train]
    stretches = _stretches(rendered)
    if len(stretches) != len(answers):
        return False
    return all(
        _essence(answer) in renderer.decode(stretch, control_tokens=True)
        for answer, stretch in zip(answers, stretches, strict=True)
    )


def _stretches(rendered: Rendered) -> list[list[int]]:
    stretches: list[list[int]] = []
    before = False
    for token, supervised in zip(rendered.ids, rendered.supervised, strict=True):
        if supervised and not before:
            stretches.append([])
        if supervised:
            stretches[-1].append(token)
        before = supervised
    return stretches


def _essence(answer: Message) -> str:
    """Of an answer that opens with reasoning, what follows it: that is what no template may change."""
    return answer.content.rsplit("</think>", 1)[-1].strip()


def _lost(example: Example, text: str) -> set[str]:
    """The kinds of fields of which the text holds fewer than the example has."""
    wanted = Counter(_fields(example))
    return {kind for (kind, value), count in wanted.items() if value and _occurrences(value, text) < count}


def _occurrences(value: str, text: str) -> int:
    """As it is, or escaped inside JSON, with or without characters beyond ASCII, or escaped twice."""
    escaped = json.dumps(value, ensure_ascii=False)[1:-1]
    forms = {value, escaped, json.dumps(value)[1:-1], json.dumps(escaped, ensure_ascii=False)[1:-1]}
    return max(text.count(form) for form in forms)


def _fields(example: Example) -> Iterator[tuple[str, str]]:
    for message in example.messages:
        yield (
            f"{message.role.value} texts",
            _essence(message) if message.role is Role.ASSISTANT else message.content.strip(),
        )
        if message.reasoning:
            yield "reasoning", message.reasoning.strip()
        for call in message.tool_calls:
            yield "tool calls", call.name
            for value in _leaves(call.arguments):
                yield "tool calls", value
    for tool in example.tools:
        yield "tools", str(tool.get("function", tool).get("name", ""))


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case list():
            for item in value:
                yield from _leaves(item)


def _texts_of(example: Example) -> Iterator[str]:
    yield example.text
    for message in example.messages:
        yield message.content
        yield message.reasoning or ""
