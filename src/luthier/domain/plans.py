"""Plans: a recipe resolved for one machine. Every value says why; every estimate is a range."""

from typing import Literal

from luthier.domain.adapters import AdapterSettings
from luthier.domain.errors import Action, ShortOfResources, WrongUsage
from luthier.domain.findings import Finding
from luthier.domain.machine import Device, Machine
from luthier.domain.recipes import Method, Scorer, TrainingSettings
from luthier.kit.frozen import Frozen


class Decision(Frozen):
    """One resolved value and the sentence that explains it."""

    name: str  # e.g. "learning_rate", "adapter.rank"
    value: str | int | float | bool | None
    reason: str
    source: Literal["recipe", "profile", "budget", "data", "model", "machine", "settings", "default"]


ComponentName = Literal[
    "framework", "weights", "adapter", "gradients", "optimiser", "activations", "logits", "workspace"
]


class Component(Frozen):
    """A part of a sum, in the sum's unit."""

    name: ComponentName
    low: float
    high: float


class Estimate(Frozen):
    """The truth is expected inside [low, high] with the stated confidence."""

    low: float
    high: float
    unit: Literal["bytes", "seconds", "kWh", "kgCO2e", "money"]
    confidence: float
    basis: str  # what it rests on, in a sentence
    components: tuple[Component, ...] = ()  # what it is the sum of
    currency: str = ""  # of money, e.g. "EUR"

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


class Rental(Frozen):
    """What the same training would cost on a rented GPU that it fits into."""

    gpu: str
    provider: str
    per_hour: float  # in the estimate's currency
    as_of: str
    money: Estimate
    duration: Estimate


class Costs(Frozen):
    energy: Estimate
    electricity: Estimate  # at the user's own rate
    co2e: Estimate
    region: str  # whose electricity is burnt
    rentals: tuple[Rental, ...] = ()  # the cheapest first


class Change(Frozen):
    setting: str
    before: str
    after: str


class Alternative(Frozen):
    """Another plan for the same task: what it changes, what it takes, and how to ask for it."""

    name: Literal["faster", "cheaper", "better"]
    sentence: str  # what is won and what is lost
    changes: tuple[Change, ...]
    options: tuple[str, ...]  # for the command line, e.g. ("--set", "epochs=1")
    memory: Estimate
    duration: Estimate
    costs: Costs


class Export(Frozen):
    """The model as it would be handed over, merged and quantised."""

    kind: str  # of quantisation, e.g. "Q8_0"
    size: Estimate


class Calibration(Frozen):
    """What earlier runs on this machine taught about estimates; 1 changes nothing."""

    runs: int = 0
    memory_factor: float = 1.0
    duration_factor: float = 1.0


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
    desirable_share: float = 1.0  # of the training examples; those that nobody judged count as good
    sequences: int = 1  # that an example is read as: two where it is a pair of answers; tokens are those of one

    @property
    def has_no_answers(self) -> bool:
        """Questions alone, which GRPO lets the model answer."""
        return self.supervised_share == 0


class EvaluationPlan(Frozen):
    scorer: Scorer
    max_new_tokens: int
    examples: int
    samples: int = 0  # held-out examples that are answered at each measurement, to see how the answers change
    sample_tokens: int = 0  # of each of these answers, at most


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
    memory: Estimate  # peak of the worker's processes together
    duration: Estimate  # of training
    disk: Estimate  # what the run's folder will take
    decisions: tuple[Decision, ...]
    warnings: tuple[Finding, ...] = ()
    environment: dict[str, str]  # of the worker process: threads and allocator
    machine: Machine
    device: Device = "cpu"  # where it will be computed
    cores: int = 0  # that the run takes; 0 in plans of old, which did not say
    export: Export | None = None
    costs: Costs | None = None
    alternatives: tuple[Alternative, ...] = ()
    calibration: Calibration = Calibration()  # what the estimates were corrected by


class PlanDoesNotFit(ShortOfResources):
    code = "plans.does_not_fit"
    sentence = "Training {base} needs about {needed} of memory and this machine has {available} available."
    actions = (
        Action(label="Close other programs, then try again"),
        Action(label="Use shorter examples", command="luthier train --data FILE --set max_length={shorter}"),
        Action(label="Start from a smaller base model", command="luthier train --base starter --data FILE"),
    )


class RegionUnknown(WrongUsage):
    code = "plans.region_unknown"
    sentence = "There is no electricity mix for the region {region}; there are {known}."
    actions = (Action(label="Set the region to one of them", command="LUTHIER_REGION=world luthier ..."),)


class PlanOverBudget(ShortOfResources):
    code = "plans.over_budget"
    sentence = "The budget of {limit} cannot be met: {reason}. The nearest that can be done is {nearest}."
    actions = (
        Action(label="Allow what the nearest plan takes", command="luthier plans make --data FILE --limit {allow}"),
        Action(label="Or start from a smaller base model", command="luthier plans make --base starter --data FILE"),
    )
