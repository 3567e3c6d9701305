"""What each step of the wizard sends, as changes of a draft's values; text is kept as it was typed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, Request

from luthier.domain.drafts import Step
from luthier.server.web.facts import setting_names
from luthier.services.sample_task import sample_recipe

Source = Literal["sample", "dataset", "file"]
SAMPLE_TASK = "workshop-orders"  # the sample with examples held out for the proof; the others are for their shapes
_SAMPLE_SCHEME = "sample:"


async def _sent(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


Sent = Annotated[dict[str, str], Depends(_sent)]


def changes_of(step: Step, sent: Mapping[str, str]) -> dict[str, Any]:
    """A field that was not sent changes nothing, but for a box that is not ticked."""
    match step:
        case "use-case":
            return {"profiles": [sent[part] for part in ("use", "target") if sent.get(part)]} if "use" in sent else {}
        case "data":
            return _data_changes(sent)
        case "model":
            chosen = sent.get("choose") or sent.get("base")
            return {} if chosen is None else {"base": chosen}
        case "settings":
            return {name: text for name, text in sent.items() if name in setting_names()}
        case "review":
            return {"name": sent["name"]} if "name" in sent else {}


def source_of(values: Mapping[str, Any], has_datasets: bool) -> Source:
    """Which of the three the draft's data is; for none yet, what is at hand."""
    data = str(values.get("data", ""))
    if not data:
        return "dataset" if has_datasets else "file"
    if sample_of(values):
        return "sample"
    return "file" if "/" in data or "\\" in data or "." in data.partition("@")[0] else "dataset"


def sample_of(values: Mapping[str, Any]) -> str:
    """Name of the sample that is chosen; empty when it is something else."""
    data = str(values.get("data", ""))
    if data == sample_recipe().data:
        return SAMPLE_TASK
    return data.removeprefix(_SAMPLE_SCHEME) if data.startswith(_SAMPLE_SCHEME) else ""


def _data_changes(sent: Mapping[str, str]) -> dict[str, Any]:
    how: dict[str, Any] = {"held_out": "", "shape": "", "columns": {}, "skip_bad_rows": None}
    match sent.get("source"):
        case "sample":
            return how | _sample_changes(sent.get("sample", SAMPLE_TASK))
        case "dataset":
            return how | {"data": sent.get("dataset", ""), "held_out": sent.get("held_out", "")}
        case "file":
            columns = {
                name.removeprefix("column."): value for name, value in sent.items() if name.startswith("column.")
            }
            return {
                "data": sent.get("path", ""),
                "held_out": sent.get("held_out", ""),
                "shape": sent.get("shape", ""),
                "columns": {part: column for part, column in columns.items() if column},
                "skip_bad_rows": True if "skip_bad_rows" in sent else None,
            }
        case _:
            return {}


def _sample_changes(name: str) -> dict[str, Any]:
    if name != SAMPLE_TASK:
        return {"data": f"{_SAMPLE_SCHEME}{name}"}
    task = sample_recipe()
    return {"data": task.data, "held_out": task.held_out}
