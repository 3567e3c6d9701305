"""What is known from measurement: figures as data, each with where it comes from, read from the TOML files beside."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

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
    reference_share: float  # of the speed of the fused kernels
    seconds_per_layer_pass: float  # to start the operations of one layer, forward and backward, however few the tokens
    source: str


class MemoryFacts(Frozen):
    runtime_bytes: int  # of a worker before it has loaded anything
    loading_share: float  # of the weights, needed once more while they are laid out anew
    allocator_factor: float  # on what comes and goes with every pass
    reference_factor: float  # saved for backward by PEFT's own forward, against the fused one
    logit_rows: int  # rows of logits that exist at once
    spread: float  # the truth is expected within this share of the estimate
    usable_share: float  # of the available memory that a plan may fill
    source: str


class Variable(Frozen):
    """One environment variable of the worker process. `{cores}` in the value is filled in."""

    name: str
    value: str
    libc: str = ""  # only where this C library is
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
def worker_environment() -> WorkerEnvironment:
    return WorkerEnvironment.model_validate(_read("environment.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
