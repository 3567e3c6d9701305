"""Plans: a recipe resolved for one machine. Every value says why; every estimate is a range."""

from typing import Literal

from luthier.domain.adapters import AdapterSettings
from luthier.domain.errors import Action, ShortOfResources
from luthier.domain.findings import Finding
from luthier.domain.machine import Machine
from luthier.domain.recipes import Method, Scorer, TrainingSettings
from luthier.kit.frozen import Frozen


class Decision(Frozen):
    """One resolved value and the sentence that explains it."""

    name: str  # e.g. "learning_rate", "adapter.rank"
    value: str | int | float | bool | None
    reason: str
    source: Literal["recipe", "data", "model", "machine", "default"]


class Estimate(Frozen):
    """The truth is expected inside [low, high] with the stated confidence."""

    low: float
    high: float
    unit: Literal["bytes", "seconds"]
    confidence: float
    basis: str  # what it rests on, in a sentence


class DataFacts(Frozen):
    """What planning needs to know of the examples, counted with the base model's own tokenizer."""

    examples: int
    held_out: int
    tokens_p50: int
    tokens_p95: int
    tokens_max: int
    tokens_mean: float
    supervised_share: float  # of all tokens
    answers_are_json: bool  # of the held-out examples, or else of the training examples
    answer_tokens_max: int
    system_prompt: str | None = None  # the system message that every example begins with


class EvaluationPlan(Frozen):
    scorer: Scorer
    max_new_tokens: int
    examples: int


class Plan(Frozen):
    method: Method
    adapter: AdapterSettings
    settings: TrainingSettings
    evaluation: EvaluationPlan
    system_prompt: str | None = None  # what every example begins with; without it the tuned model is out of its depth
    examples: int  # to train on
    held_out: int
    tokens_per_epoch: int  # estimated from DataFacts; the worker's Prepared fact has the exact number
    total_steps: int
    memory: Estimate  # peak of the worker process
    duration: Estimate  # of training
    disk: Estimate  # what the run's folder will take
    decisions: tuple[Decision, ...]
    warnings: tuple[Finding, ...] = ()
    environment: dict[str, str]  # of the worker process: threads and allocator
    machine: Machine


class PlanDoesNotFit(ShortOfResources):
    code = "plans.does_not_fit"
    sentence = "Training {base} needs about {needed} of memory and this machine has {available} available."
    actions = (
        Action(label="Close other programs, then try again"),
        Action(label="Use shorter examples", command="luthier train --data FILE --set max_length={shorter}"),
        Action(label="Start from a smaller base model", command="luthier train --base starter --data FILE"),
    )
