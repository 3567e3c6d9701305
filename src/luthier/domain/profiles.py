"""Profiles: recipe defaults for a use case, a family of models, or a place where the result will live."""

from typing import Annotated, Literal

from pydantic import Field

from luthier.domain.errors import Action, NotFound, WrongUsage
from luthier.kit.frozen import Frozen


class ProfileValue(Frozen):
    """One default. `name` is that of the decision, e.g. "learning_rate", "adapter.rank", "budget.size"."""

    name: Literal[
        "epochs",
        "batch_size",
        "learning_rate",
        "schedule",
        "warmup_ratio",
        "weight_decay",
        "max_gradient_norm",
        "train_on",
        "overlong",
        "adapter.rank",
        "adapter.dropout",
        "evaluation.scorer",
        "evaluation.max_new_tokens",
        "evaluation.examples",
        "budget.size",
    ]
    value: str | int | float
    reason: Annotated[str, Field(pattern=r"^[A-Z0-9].*\.$")]  # a sentence


class Profile(Frozen):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    kind: Literal["use", "family", "target"]
    summary: str
    architectures: tuple[str, ...] = ()  # of a family: chosen by itself for bases with one of them
    values: tuple[ProfileValue, ...]
    source: str  # what the values rest on


class ProfileUnknown(NotFound):
    code = "profiles.unknown"
    sentence = "There is no profile called {name}; there are {known}."
    actions = (Action(label="See what each sets", command="luthier plans profiles"),)


class ProfileInvalid(WrongUsage):
    code = "profiles.invalid"
    sentence = "The profile {path} is not valid at {where}: {reason}."
    actions = (
        Action(label="Compare it with docs/guide/planning.md, section Profiles"),
        Action(label="Or move it out of the folder of profiles"),
    )
