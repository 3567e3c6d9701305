"""Recipes: what the user asks for. Everything left out is decided by the planner, with a reason."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model, field_validator

from luthier.domain.adapters import AdapterSettings, LoraSettings
from luthier.domain.errors import Action, WrongUsage
from luthier.domain.machine import Device
from luthier.domain.rewards import WrittenReward
from luthier.kit.frozen import Frozen

Method = Literal["sft", "cpt", "dpo", "ipo", "simpo", "orpo", "kto", "reward", "grpo"]
PREFERENCE_METHODS: frozenset[Method] = frozenset({"dpo", "ipo", "simpo", "orpo"})
PAIR_METHODS: frozenset[Method] = PREFERENCE_METHODS | {"reward"}  # those that learn from pairs of answers
REFERRING_METHODS: frozenset[Method] = frozenset({"dpo", "ipo", "kto"})  # those that first read all with the base
COMPARING_METHODS: frozenset[Method] = PREFERENCE_METHODS | {"kto"}  # those that learn what is better
DIVIDING_METHODS: frozenset[Method] = PAIR_METHODS | {"sft", "cpt"}  # a batch's loss is a mean of its parts'
SHARDING_METHODS: frozenset[Method] = frozenset({"sft", "cpt"})  # those whose processes can take their passes in step
Scorer = Literal["exact", "json", "preference", "off"]


class TrainingSettings(Frozen):
    """Every number of the training loop, none left open: the planner fills what the recipe does not pin."""

    epochs: Annotated[float, Field(gt=0, le=100)]  # passes over the training examples
    max_steps: Annotated[int, Field(ge=1)] | None  # ends earlier than `epochs` would
    batch_size: Annotated[int, Field(ge=1, le=4096)]  # examples per optimiser step
    micro_batch_tokens: Annotated[int, Field(ge=64)]  # most tokens in one forward pass; changes no result
    max_length: Annotated[int, Field(ge=16)]  # tokens of one example
    overlong: Literal["drop", "truncate", "refuse"]  # what happens to an example that is longer
    learning_rate: Annotated[float, Field(ge=1e-6, le=1e-1)]  # at its peak, after the warm-up
    schedule: Literal["linear", "cosine", "constant"]  # how the learning rate falls after the warm-up
    warmup_ratio: Annotated[float, Field(ge=0, le=0.5)]  # share of all steps in which the learning rate rises
    weight_decay: Annotated[float, Field(ge=0, le=1)]  # AdamW's pull of the adapter towards zero
    adam_beta1: Annotated[float, Field(gt=0, lt=1)]  # memory of AdamW's mean of the gradients
    adam_beta2: Annotated[float, Field(gt=0, lt=1)]  # memory of AdamW's mean of their squares
    adam_epsilon: Annotated[float, Field(gt=0)]  # keeps AdamW's division finite
    max_gradient_norm: Annotated[float, Field(gt=0)]  # longer gradients are shortened to this
    seed: Annotated[int, Field(ge=0, lt=2**63)]  # of the adapter's start, the order of the data and dropout
    train_on: Literal["assistant", "everything"]  # whose tokens carry loss
    precision: Literal["bf16", "fp32", "nf4"]  # of the base (nf4: 4 bits); what is trained is always kept in fp32
    kernels: Literal["fused", "reference"]  # own fast functions, or the libraries' own forward pass
    checkpoint_every: Annotated[int, Field(ge=1)]  # steps between checkpoints
    keep_checkpoints: Annotated[int, Field(ge=1)]  # how many of the newest stay on the disk
    evaluate_every: Annotated[int, Field(ge=1)]  # steps between held-out loss measurements
    preference_beta: Annotated[float, Field(gt=0, le=100)] = 0.1  # how much a pair counts against staying as it was
    desirable_weight: Annotated[float, Field(gt=0, le=1000)] = 1.0  # of KTO's loss on an answer that is judged good
    undesirable_weight: Annotated[float, Field(gt=0, le=1000)] = 1.0  # and on one that is judged bad
    preference_margin: Annotated[float, Field(ge=0, le=100)] = 0.5  # by how much SimPO wants the chosen one ahead
    group_size: Annotated[int, Field(ge=2, le=256)] = 8  # answers that GRPO draws for each question, and compares
    answer_tokens: Annotated[int, Field(ge=1, le=8192)] = 256  # of each of these answers, at most
    kl_weight: Annotated[float, Field(ge=0, le=100)] = 0.04  # how strongly GRPO holds the model to its base
    keep_best: bool = False  # the result is the model of the lowest held-out loss, not the last one
    early_stopping_patience: Annotated[int, Field(ge=0, le=1000)] = (
        0  # measurements without a gain that end it; 0: none
    )
    early_stopping_threshold: Annotated[float, Field(ge=0, le=10)] = 0.0  # by how much a gain has to lower the loss
    gradient_checkpointing: bool = False  # computes each layer twice instead of keeping what it computed; same result
    optimiser: Literal["adamw", "adamw_8bit"] = "adamw"  # adamw_8bit keeps its two moments in a byte each
    processes: Annotated[int, Field(ge=1, le=64)] = 1  # on this machine that divide each step; same result
    parallelism: Literal["ddp", "fsdp"] = "ddp"  # processes have the base each (ddp), or parts of it (fsdp)
    device: Device = "cpu"  # that computes; left open, a GPU that torch can use


def _pins_of(settings: type[Frozen]) -> type[Frozen]:
    fields: dict[str, Any] = {}
    for name, field in settings.model_fields.items():
        value: Any = field.annotation
        for limit in field.metadata:
            value = Annotated[value, limit]
        fields[name] = (value | None, None)
    return create_model("PinnedSettings", __base__=Frozen, __doc__="The settings that a recipe fixes.", **fields)


PinnedSettings: type[Frozen] = _pins_of(TrainingSettings)


class EvaluationSpec(Frozen):
    """How the result is proved on held-out examples; None lets the planner choose."""

    scorer: Scorer | None = None  # what counts as a right answer
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] | None = None  # of one answer
    examples: Annotated[int, Field(ge=0)] | None = None  # how many held-out examples are answered
    samples: Annotated[int, Field(ge=0, le=20)] | None = None  # how many prompts are answered at each measurement
    sample_tokens: Annotated[int, Field(ge=1, le=4096)] | None = None  # of each of these answers, at most
    held_out_share: Annotated[float, Field(ge=0, le=0.5)] | None = None  # when no held-out file is given


_SIZE = re.compile(r"\s*([0-9.]+)\s*([kMGT]?i?B?)\s*", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def bytes_of(value: Any) -> Any:
    """`500MB`, `1.5 GiB` or a number of bytes."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ValueError("a size is a number of bytes, or one with a unit such as 500MB or 1.5GiB")
    number, unit = match[1], match[2].lower().removesuffix("b")
    factor = _BINARY_UNITS[unit[0]] if unit.endswith("i") and len(unit) == 2 else _SIZE_UNITS[unit.removesuffix("i")]
    return round(float(number) * factor)


SizeInBytes = Annotated[int, Field(ge=1), BeforeValidator(bytes_of)]


class Budget(Frozen):
    """Limits that a plan keeps to, or it is refused; None sets none."""

    size: SizeInBytes | None = None  # of the exported model, e.g. 500MB
    money: Annotated[float, Field(gt=0)] | None = None  # for electricity, in your own currency
    hours: Annotated[float, Field(gt=0)] | None = None  # of training
    co2: Annotated[float, Field(gt=0)] | None = None  # kilograms of CO2e


class HealthSpec(Frozen):
    """What happens when training goes wrong."""

    policy: Literal["off", "ask", "automatic"] = "ask"  # off looks for nothing; ask pauses and offers remedies
    attempts: Annotated[int, Field(ge=0, le=100)] = 3  # remedies that `automatic` may apply to one run


class Recipe(Frozen):
    """What one run is asked to do, as it is written in a recipe file."""

    name: str | None = None  # what the run is called; by default after the data
    base: str = "starter"  # the base model: starter, a folder, or a hub id
    data: str  # a file's path or an imported dataset's name
    held_out: str | None = None  # examples kept from training, to prove the result; by default split off
    shape: str | None = None  # the shape of the data; by default detected
    columns: dict[str, str] = {}  # part of the shape -> column of the source
    skip_bad_rows: bool = False  # train without the rows that have errors, and say which
    method: Method = (
        "sft"  # sft learns answers, cpt text, kto from judged answers, grpo from rewards, the rest from pairs
    )
    adapter: AdapterSettings = LoraSettings()  # what is trained; see Adapter
    rewards: tuple[WrittenReward, ...] = ()  # of grpo: scorers or functions, e.g. exact or rewards.py:brevity
    settings: dict[str, Any] = {}  # the training settings that are pinned; see Training
    evaluation: EvaluationSpec = EvaluationSpec()  # see Evaluation
    profiles: tuple[str, ...] = ()  # defaults for a use case or a target, e.g. chatbot, mobile; a later one wins
    budget: Budget = Budget()  # what the run may take at most; see Budget
    health: HealthSpec = HealthSpec()  # off, ask or automatic; see Health

    @field_validator("health", mode="before")
    @classmethod
    def _policy_alone_will_do(cls, value: Any) -> Any:
        return {"policy": value} if isinstance(value, str) else value

    @field_validator("rewards", mode="before")
    @classmethod
    def _a_sum_will_do(cls, value: Any) -> Any:
        """`exact + 0.5*rouge`"""
        return tuple(re.split(r"\s\+\s", value)) if isinstance(value, str) else value

    @field_validator("settings")
    @classmethod
    def _settings_are_known(cls, value: dict[str, Any]) -> dict[str, Any]:
        return PinnedSettings.model_validate(value).model_dump(exclude_none=True)


class RecipeInvalid(WrongUsage):
    code = "recipes.invalid"
    sentence = "The recipe is not valid at {where}: {reason}."
    actions = (Action(label="See every setting and its limits in docs/reference/settings.md"),)


class EightBitMissing(WrongUsage):
    code = "recipes.eight_bit_missing"
    sentence = "An optimiser in eight bits needs bitsandbytes, which is not installed."
    actions = (
        Action(label="Install it", command="pip install 'luthier[quant]'"),
        Action(label="Or keep its moments in 32 bits", command="luthier train --data FILE --set optimiser=adamw"),
    )


class ProcessesUnused(WrongUsage):
    code = "recipes.processes_unused"
    sentence = "{count} processes cannot share the work: {reason}."
    actions = (Action(label="Train in one process", command="luthier train --data FILE --set processes=1"),)


class ShardingUnusable(WrongUsage):
    code = "recipes.sharding_unusable"
    sentence = "The layers cannot be divided among processes (parallelism=fsdp): {reason}."
    actions = (
        Action(label="Let each process hold the base", command="luthier train --data FILE --set parallelism=ddp"),
        Action(
            label="Or divide it between two",
            command="luthier train --data FILE --set processes=2 --set parallelism=fsdp",
        ),
    )


class RecipeUnreadable(WrongUsage):
    code = "recipes.unreadable"
    sentence = "The recipe {path} cannot be read: {reason}."
    actions = (
        Action(label="Write it as YAML or JSON; docs/guide/recipes.md shows one"),
        Action(label="If it holds examples, name it as data", command="luthier train --data {path}"),
    )
