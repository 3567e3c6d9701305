"""What is known from measurement: figures as data, each with where it comes from, read from the TOML files beside."""

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from luthier.domain.findings import Level
from luthier.domain.machine import Device
from luthier.domain.models import ModelShape
from luthier.domain.profiles import Profile
from luthier.kit.frozen import Frozen


class Throughput(Frozen):
    """What training reaches per core of a processor with all these features."""

    name: str
    features: tuple[str, ...]
    precision: Literal["bf16", "fp32"]
    gflops_per_core: float
    spread: float  # the truth lies between the figure divided and multiplied by this
    source: str


class Pace(Frozen):
    throughputs: tuple[Throughput, ...]  # the first that fits counts
    attention_share: float  # of the pace of products, that attention reaches
    forward_share: float  # of it, that the forward pass of a layer that is computed again reaches
    reading_share: float  # of it, that a forward pass without a gradient reaches
    adapter_share: float  # of it, that the narrow products of an adapter reach
    dropout_flops: float  # what one value's chance is worth
    full_share: float  # of it, that training every weight reaches: gradients of weights are the largest products
    seconds_per_layer_pass: float  # to start the operations of one layer, forward and backward, however few the tokens
    reference_seconds_per_layer_pass: float  # the same for PEFT's own forward
    # However few the tokens, for each weight of the base in a pass: whose rows DoRA measures, whose gradient is
    # gathered, which is unpacked from four bits; and for each trained weight in an update.
    dora_seconds_per_weight: float
    full_seconds_per_weight: float
    nf4_seconds_per_weight: float
    update_seconds_per_weight: float
    recorded_seconds_per_token: float  # of a short pass of LoRA where these figures were recorded
    source: str


class BackendMemory(Frozen):
    """What a worker on this backend holds beside the tensors that can be counted."""

    framework_bytes: int  # before anything is loaded
    loaded_beside: float  # of the base's file, that lies in the same memory until the weights are made from it
    kept_factor: float  # what the allocator takes for a byte that is kept for backward
    reference_kept_factor: float  # the same for PEFT's own forward
    more_kept_in_several_passes: float  # as if the largest pass of a step were so many times as large
    loose_bytes_per_trained: float  # that lie idle between what stays and what comes and goes
    copies_checkpoints: bool  # and results in the memory that is planned; a small one is written beside the training
    writes_scores: bool  # attention exists as scores of every pair of tokens; else a kernel computes it in parts
    more_for_quantised: float  # the truth is expected within this share above the estimate, for a base in nf4
    usable_share: float  # of the memory that is free, that a plan may fill
    source: str


class SharedMemoryFacts(Frozen):
    logit_rows: int  # that exist at once
    spread_traced: float  # the truth is expected within this share, when a layer of the base was traced
    spread_counted: float  # and when what it keeps was counted from its shape
    more_for_others: float  # and upwards for adapters that PEFT computes
    reference_share: float  # kept by PEFT's own forward over the fused one
    source: str


class MemoryFacts(Frozen):
    cpu: BackendMemory
    cuda: BackendMemory
    rocm: BackendMemory
    mps: BackendMemory
    shared: SharedMemoryFacts

    def of(self, device: Device) -> BackendMemory:
        backend: BackendMemory = getattr(self, device)
        return backend


class GpuFacts(Frozen):
    name: str
    words: tuple[str, ...]  # that a GPU's name holds, in small or capital letters
    memory_gigabytes: float  # of the kind that is rented; 0 where none is
    bf16_tflops: float
    fp32_tflops: float
    watts: float
    dollars_per_hour: float | None = None  # where it can be rented; see offers.toml
    source: str

    def is_called(self, name: str) -> bool:
        return {word.lower() for word in self.words} <= set(re.split(r"[\s_/-]+", name.lower()))


class Gpus(Frozen):
    reached_share: float  # of the peak, while fine-tuning
    quantised_share: float  # of that, when the base is in four bits
    spread: float
    source: str
    gpus: tuple[GpuFacts, ...]

    def find(self, name: str) -> GpuFacts:
        """The last one fits every name."""
        return next(gpu for gpu in self.gpus if gpu.is_called(name))


class Power(Frozen):
    watts_per_core: float
    watts_per_gibibyte: float
    other_watts: float
    spread: float
    gpu_draw_share: float  # of a GPU's limit
    source: str


class Grids(Frozen):
    spread: float
    at: str
    source: str
    grams_per_kwh: dict[str, float]  # by region


class Offers(Frozen):
    provider: str
    currency: str
    at: str
    overhead_hours: float
    source: str


class Exports(Frozen):
    kinds: tuple[str, ...]  # that are always to be had
    metadata_bytes: float  # whatever the model
    metadata_bytes_per_token: float  # of the vocabulary
    usual: str
    source: str


class LicenceRule(Frozen):
    name: str
    words: tuple[str, ...]  # one of them stands in the licence
    level: Level
    sentence: str
    suggestion: str


class MachineRule(Frozen):
    code: str
    when: str
    level: Level
    sentence: str
    suggestion: str


class Compatibility(Frozen):
    source: str
    licences: tuple[LicenceRule, ...]  # the first that fits counts
    machines: tuple[MachineRule, ...]


class PublishedShape(ModelShape):
    name: str  # on the hub
    licence: str


class ValueLimit(Frozen):
    """A value of a setting that is allowed, and seldom wanted beyond these."""

    code: str
    setting: str
    bases: Literal["small", "large", "all"]
    below: float = -math.inf
    above: float = math.inf
    level: Level
    sentence: str
    suggestion: str
    usual: str  # as the command line takes it


class Variable(Frozen):
    """One environment variable of the worker process. `{cores}` in the value is filled in."""

    name: str
    value: str
    libc: str = ""  # only where this C library is
    device: Device | None = None  # only for runs on it
    reason: str
    source: str


class WorkerEnvironment(Frozen):
    variables: tuple[Variable, ...]


@cache
def pace() -> Pace:
    return Pace.model_validate(_read("pace.toml"))


@cache
def memory_facts() -> MemoryFacts:
    return MemoryFacts.model_validate(_read("memory.toml"))


@cache
def gpus() -> Gpus:
    return Gpus.model_validate(_read("gpus.toml"))


@cache
def power() -> Power:
    return Power.model_validate(_read("power.toml"))


@cache
def grids() -> Grids:
    return Grids.model_validate(_read("grids.toml"))


@cache
def offers() -> Offers:
    return Offers.model_validate(_read("offers.toml"))


@cache
def exports() -> Exports:
    return Exports.model_validate(_read("exports.toml"))


@cache
def profiles() -> tuple[Profile, ...]:
    return tuple(Profile.model_validate(each) for each in _read("profiles.toml")["profiles"])


@cache
def compatibility() -> Compatibility:
    return Compatibility.model_validate(_read("compatibility.toml"))


@cache
def published_shapes() -> tuple[PublishedShape, ...]:
    return tuple(PublishedShape.model_validate(each) for each in _read("shapes.toml")["shapes"])


@cache
def limits() -> tuple[ValueLimit, ...]:
    return tuple(ValueLimit.model_validate(each) for each in _read("limits.toml")["limits"])


@cache
def worker_environment() -> WorkerEnvironment:
    return WorkerEnvironment.model_validate(_read("environment.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
