"""docs/reference/journal.md: what a worker writes into a run's journal, and what it is told."""

import inspect
import typing

from pydantic import BaseModel

from luthier.domain import jobs
from scripts.reference.fields import comments_of, kind_of

HEAD = """\
# The journal of a run

`attempts/NNN/journal.jsonl` holds facts, one JSON object a line: `seq` (from 1), `time` (RFC 3339, UTC), `kind`,
`body`, and `checksum` (CRC-32 of the other four). A fact marked *durable* is on the disk before the worker goes on,
one marked *durable within a second* soon after.
`attempts/NNN/commands.jsonl` has the same form, is written by the supervisor and read by the worker between steps.
"""


def page() -> str:
    union, _ = typing.get_args(jobs.Fact)
    facts = [_entry(fact, _mark(_kind(fact))) for fact in typing.get_args(union)]
    return "\n".join([HEAD, "## Facts\n", *facts, "## Commands\n", _entry(jobs.Command, "")])


def _mark(kind: str) -> str:
    if kind in jobs.SOON_DURABLE:
        return "durable within a second"
    return "durable" if kind in jobs.DURABLE else ""


def _kind(fact: type[BaseModel]) -> str:
    return str(fact.model_fields["kind"].default)


def _entry(fact: type[BaseModel], mark: str) -> str:
    schema, comments = fact.model_json_schema(), comments_of(fact)
    title = _kind(fact) if fact is not jobs.Command else "stop, cancel"
    lines = [f"### {title}", ""]
    if mark:
        lines += [f"*{mark}*", ""]
    if "__doc__" in vars(fact) and fact.__doc__:
        lines += [inspect.cleandoc(fact.__doc__), ""]
    for name in fact.model_fields:
        if name != "kind":
            meaning = f": {comments[name]}" if comments[name] else ""
            lines.append(f"- `{name}` ({kind_of(schema['properties'][name], schema)}){meaning}")
    return "\n".join([*lines, ""])
