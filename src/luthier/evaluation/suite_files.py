"""Suites as people write them, in YAML or JSON lines: read with the line of every fault, one shape for all."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from luthier.domain.chat import ChatMessage
from luthier.domain.suites import MOST_CASES, Case, Suite, SuiteEmpty, SuiteInvalid
from luthier.evaluation.suite_scorings import ScoringFault, scorings_from
from luthier.kit.files import NoSmallText, read_small_text

LARGEST_BYTES = 8_000_000
ENDINGS = (".yaml", ".yml", ".json", ".jsonl")


class _WrittenCase(BaseModel):
    """One case, as it may be written."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=100)
    category: str = Field(default="", max_length=60)
    prompt: str | None = None
    system: str | None = None
    messages: list[dict[str, str]] | None = None
    text: str | None = None
    tools: list[dict[str, Any]] = []
    expected: str | dict[str, Any] | list[Any] | int | float | bool = ""
    scorers: list[Any] | str | None = None


class _WrittenHead(BaseModel):
    """What stands above the cases."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")
    about: str = ""
    source: str = ""
    licence: str = ""
    system: str | None = None
    max_new_tokens: int = Field(default=256, ge=1, le=8192)
    scorers: list[Any] | str | None = None


class _Placed(NamedTuple):
    line: int
    value: Any


def read_suite(path: Path) -> Suite:
    """Raises SuiteInvalid with the line, and SuiteEmpty."""
    try:
        text = read_small_text(path, LARGEST_BYTES)
    except NoSmallText as fault:
        raise SuiteInvalid(source=path.name, where="the file", reason=str(fault)) from fault
    return parse_suite(text, path.stem, path.name)


def parse_suite(text: str, name: str, source: str) -> Suite:
    """`name` is what it is called when it does not say so itself; `source` is named in errors."""
    head, cases = _json_lines(text, source) if source.endswith(".jsonl") else _yaml(text, source)
    written = _validated(_WrittenHead, head, source)
    if len(cases) > MOST_CASES:
        _refuse(source, cases[MOST_CASES].line, f"there are {len(cases)} cases, and {MOST_CASES} are the most")
    read = tuple(_case(placed, number, written, source) for number, placed in enumerate(cases, 1))
    if not read:
        raise SuiteEmpty(source=source)
    seen: dict[str, int] = {}
    for placed, case in zip(cases, read, strict=True):
        if case.case_id in seen:
            _refuse(source, placed.line, f"the id {case.case_id} stands in line {seen[case.case_id]} already")
        seen[case.case_id] = placed.line
    return Suite(
        name=written.name or name,
        cases=read,
        **written.model_dump(include={"about", "source", "licence", "max_new_tokens"}),
    )


def built_in_suites() -> Iterator[Suite]:
    for file in sorted(files("luthier.evaluation").joinpath("suites").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            suite = parse_suite(file.read_text("utf-8"), file.name.removesuffix(".yaml"), file.name)
            yield suite.model_copy(update={"origin": "built-in"})


def _case(placed: _Placed, number: int, head: _WrittenHead, source: str) -> Case:
    written = _validated(_WrittenCase, placed, source)
    given = [written.prompt is not None, written.messages is not None, written.text is not None]
    if sum(given) != 1:
        _refuse(source, placed.line, "a case has one of prompt, messages and text")
    scorers = written.scorers if written.scorers is not None else head.scorers
    expected = written.expected if isinstance(written.expected, str) else _as_json(written.expected)
    try:
        scoring = scorings_from(scorers, expected, has_tools=bool(written.tools))
    except ScoringFault as fault:
        _refuse(source, placed.line, str(fault))
    return Case(
        case_id=written.id or str(number),
        category=written.category,
        messages=() if written.text is not None else tuple(_messages(written, head, placed, source)),
        text=written.text,
        tools=tuple(written.tools),
        expected=expected,
        scoring=scoring,
    )


def _messages(written: _WrittenCase, head: _WrittenHead, placed: _Placed, source: str) -> Iterator[ChatMessage]:
    system = written.system if written.system is not None else head.system
    if system:
        yield ChatMessage(role="system", content=system)
    if written.prompt is not None:
        yield ChatMessage(role="user", content=written.prompt)
    for message in written.messages or ():
        if message.keys() != {"role", "content"} or message["role"] not in ("system", "user", "assistant", "tool"):
            _refuse(source, placed.line, "a message has a role (system, user, assistant or tool) and a content")
        yield ChatMessage(**message)
    if written.messages is not None and (not written.messages or written.messages[-1]["role"] == "assistant"):
        _refuse(source, placed.line, "the last message is the model's own, so nothing is asked")


def _as_json(expected: Any) -> str:
    """Calls stand one a line."""
    each = expected if isinstance(expected, list) else [expected]
    return "\n".join(json.dumps(value, ensure_ascii=False) for value in each)


def _validated(kind: type[Any], placed: _Placed, source: str) -> Any:
    try:
        return kind.model_validate(placed.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = f"there is no field {field}" if first["type"] == "extra_forbidden" else first["msg"]
        _refuse(source, placed.line, f"{field}: {message}" if field else message)


def _json_lines(text: str, source: str) -> tuple[_Placed, list[_Placed]]:
    placed = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                placed.append(_Placed(number, json.loads(line)))
            except (ValueError, RecursionError) as error:
                _refuse(source, number, f"this is no JSON: {error}")
    if placed and isinstance(placed[0].value, dict) and placed[0].value.keys() <= _WrittenHead.model_fields.keys():
        return placed[0], placed[1:]
    return _Placed(1, {}), placed


def _yaml(text: str, source: str) -> tuple[_Placed, list[_Placed]]:
    """JSON is YAML, so one reader takes both."""
    try:
        loader = yaml.SafeLoader(text)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            _refuse(source, 1, "anchors and aliases (& and *) are not used here")
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            _refuse(source, 1, "a suite is a mapping with its cases, such as `cases:` and a list below it")
        nodes = {key.value: value for key, value in root.value if key.value == "cases"}
        root.value = [(key, value) for key, value in root.value if key.value != "cases"]
        head = _Placed(1, loader.construct_document(root))
        listed = nodes.get("cases")
        if not isinstance(listed, yaml.SequenceNode):
            _refuse(source, listed.start_mark.line + 1 if listed else 1, "there is no list of cases")
        return head, [_Placed(node.start_mark.line + 1, loader.construct_document(node)) for node in listed.value]
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # a date that there is not is a ValueError
        mark = getattr(error, "problem_mark", None)
        _refuse(source, mark.line + 1 if mark else 1, str(getattr(error, "problem", None) or "this is no YAML"))


def _refuse(source: str, line: int, reason: str) -> NoReturn:
    raise SuiteInvalid(source=source, where=f"line {line}", reason=reason)
