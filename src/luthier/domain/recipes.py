"""Recipes: what the user asks for. Everything left out is decided by the planner, with a reason."""

from typing import Annotated, Any, Literal

from pydantic import Field, create_model, field_validator

from luthier.domain.errors import Action, WrongUsage
from luthier.kit.frozen import Frozen

Method = Literal["sft", "cpt"]
Scorer = Literal["exact", "json", "off"]


class LoraSettings(Frozen):
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685): W + alpha/rank * B A on each target."""

    kind: Literal["lora"] = "lora"
    rank: Annotated[int, Field(ge=1, le=1024)] = 16
    alpha: Annotated[float, Field(gt=0, le=4096)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"


class TrainingSettings(Frozen):
    """Every number of the training loop, none left open: the planner fills what the recipe does not pin."""

    epochs: Annotated[float, Field(gt=0, le=100)]
    max_steps: Annotated[int, Field(ge=1)] | None  # ends earlier than `epochs` would
    batch_size: Annotated[int, Field(ge=1, le=4096)]  # examples per optimiser step
    micro_batch_tokens: Annotated[int, Field(ge=64)]  # most tokens in one forward pass; splits a batch, changes no result
    max_length: Annotated[int, Field(ge=16)]  # tokens of one example
    overlong: Literal["drop", "truncate", "refuse"]  # what happens to an example that is longer
    learning_rate: Annotated[float, Field(ge=1e-6, le=1e-1)]
    schedule: Literal["linear", "cosine", "constant"]
    warmup_ratio: Annotated[float, Field(ge=0, le=0.5)]
    weight_decay: Annotated[float, Field(ge=0, le=1)]
    adam_beta1: Annotated[float, Field(gt=0, lt=1)]
    adam_beta2: Annotated[float, Field(gt=0, lt=1)]
    adam_epsilon: Annotated[float, Field(gt=0)]
    max_gradient_norm: Annotated[float, Field(gt=0)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    train_on: Literal["assistant", "everything"]  # whose tokens carry loss
    precision: Literal["bf16", "fp32"]  # of the frozen base; the adapter and its optimiser are always fp32
    kernels: Literal["fused", "reference"]
    checkpoint_every: Annotated[int, Field(ge=1)]  # steps
    keep_checkpoints: Annotated[int, Field(ge=1)]
    evaluate_every: Annotated[int, Field(ge=1)]  # steps between held-out loss measurements


def _pins_of(settings: type[Frozen]) -> type[Frozen]:
    fields: dict[str, Any] = {}
    for name, field in settings.model_fields.items():
        limited = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation  # type: ignore[name-defined]
        fields[name] = (limited | None, None)
    return create_model("PinnedSettings", __base__=Frozen, __doc__="The settings that a recipe fixes.", **fields)


PinnedSettings: type[Frozen] = _pins_of(TrainingSettings)


class EvaluationSpec(Frozen):
    """How the result is proved on held-out examples; None lets the planner choose."""

    scorer: Scorer | None = None
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] | None = None
    examples: Annotated[int, Field(ge=0)] | None = None  # how many held-out examples are answered
    held_out_share: Annotated[float, Field(ge=0, le=0.5)] | None = None  # when no held-out file is given


class Recipe(Frozen):
    """`data` and `held_out` are a file's path or an imported dataset's name; `settings` holds only what is pinned."""

    name: str | None = None
    base: str = "starter"
    data: str
    held_out: str | None = None
    shape: str | None = None
    columns: dict[str, str] = {}  # part of the shape -> column of the source
    skip_bad_rows: bool = False
    method: Method = "sft"
    adapter: LoraSettings = LoraSettings()
    settings: dict[str, Any] = {}
    evaluation: EvaluationSpec = EvaluationSpec()

    @field_validator("settings")
    @classmethod
    def _settings_are_known(cls, value: dict[str, Any]) -> dict[str, Any]:
        return PinnedSettings.model_validate(value).model_dump(exclude_none=True)


class RecipeInvalid(WrongUsage):
    code = "recipes.invalid"
    sentence = "The recipe is not valid at {where}: {reason}."
    actions = (Action(label="See every setting and its limits in docs/reference/settings.md"),)


class RecipeUnreadable(WrongUsage):
    code = "recipes.unreadable"
    sentence = "The recipe {path} cannot be read: {reason}."
    actions = (Action(label="Write it as YAML or JSON; docs/guide/recipes.md shows one"),)
