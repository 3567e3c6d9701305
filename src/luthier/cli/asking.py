"""What people say on the command line, turned into a recipe: the same options for `train` and `plans make`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.errors import Action, WrongUsage
from luthier.domain.queues import Priority
from luthier.domain.recipes import Method, Recipe
from luthier.services.recipes import make_recipe, parse_pin, read_recipe

BaseOption = Annotated[str | None, typer.Option(metavar="MODEL", help="starter (default), a folder, or a hub id.")]
DataOption = Annotated[str | None, typer.Option(metavar="FILE", help="Examples: a file, or an imported dataset.")]
HeldOutOption = Annotated[str | None, typer.Option(metavar="FILE", help="Examples to measure with, not train on.")]
ShapeOption = Annotated[str | None, typer.Option(metavar="SHAPE", help="Shape of the data, when it is not detected.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="PART=COLUMN", help="Which column holds a part of the shape; may be repeated."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Fix a setting, e.g. learning_rate=1e-4; may be repeated."),
]
AdapterOption = Annotated[
    str | None, typer.Option(metavar="KIND", help=f"What is trained: {', '.join(ADAPTER_KINDS)}; lora is the default.")
]
_METHODS = f"How it learns: {', '.join(get_args(Method))}; sft is the default."
MethodOption = Annotated[str | None, typer.Option(metavar="METHOD", help=_METHODS)]
RewardOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reward",
        metavar="REWARD",
        help="What grpo rewards: a scorer (exact, contains=oak) or FILE.py:FUNCTION, e.g. 0.5*exact; may be repeated.",
    ),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="NAME=VALUE", help="A budget: size=500MB, money=2, hours=1, co2=0.1; may be repeated."
    ),
]
HealthOption = Annotated[
    str | None, typer.Option(metavar="POLICY", help="When training goes wrong: ask (default), automatic, or off.")
]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option("--profile", metavar="NAME", help="Defaults for a use case or target, e.g. chatbot; may be repeated."),
]
PriorityOption = Annotated[
    Priority | None, typer.Option(metavar="LEVEL", help="Its turn in the queue: low, normal (default) or high.")
]


class MappingNotUnderstood(WrongUsage):
    code = "cli.mapping_not_understood"
    sentence = "--map {text} does not say which column holds which part."
    actions = (Action(label="Write the part, an equals sign, and the column", command="--map prompt=question"),)


class NothingToTrainOn(WrongUsage):
    code = "cli.nothing_to_train_on"
    sentence = "Neither a recipe nor --data says which examples to use."
    actions = (
        Action(label="Name a file with examples", command="luthier train --data FILE"),
        Action(label="See it work on a sample first", command="luthier demo"),
    )


@dataclass(frozen=True)
class AskedFor:
    """Options as they were given; None and empty say nothing, so that a recipe file keeps its word."""

    base: str | None = None
    data: str | None = None
    held_out: str | None = None
    shape: str | None = None
    columns: Sequence[str] = ()
    pins: Sequence[str] = ()
    method: str | None = None
    adapter: str | None = None
    name: str | None = None
    skip_bad_rows: bool = False
    limits: Sequence[str] = ()
    profiles: Sequence[str] = ()
    health: str | None = None
    rewards: Sequence[str] = ()

    def overrides(self) -> dict[str, Any]:
        plain = {
            "base": self.base,
            "data": self.data,
            "held_out": self.held_out,
            "shape": self.shape,
            "method": self.method,
            "adapter.kind": self.adapter,
            "name": self.name,
            "health.policy": self.health,
            "columns": columns_from(self.columns) or None,
            "skip_bad_rows": self.skip_bad_rows or None,
            "profiles": tuple(self.profiles) or None,
            "rewards": tuple(self.rewards) or None,
        }
        said = {name: value for name, value in plain.items() if value is not None}
        pins = (*self.pins, *(f"budget.{limit.strip()}" for limit in self.limits))
        return said | dict(parse_pin(pin) for pin in pins)


def recipe_from(file: Path | None, asked: AskedFor) -> Recipe:
    if file is not None:
        return read_recipe(file, asked.overrides())
    if asked.data is None:
        raise NothingToTrainOn
    return make_recipe(asked.overrides())


def columns_from(mappings: Sequence[str]) -> dict[str, str]:
    """`["prompt=question"]` to {"prompt": "question"}."""
    columns = {}
    for text in mappings:
        part, equals, column = text.partition("=")
        if not equals or not part.strip() or not column.strip():
            raise MappingNotUnderstood(text=text)
        columns[part.strip()] = column.strip()
    return columns
