"""Settles every value that the recipe leaves open, and says what the run will take."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Estimate, Plan
from luthier.domain.recipes import Recipe, TrainingSettings
from luthier.planning.adapter import settle_adapter
from luthier.planning.costs import costs_of, rentals_of
from luthier.planning.course import course_of
from luthier.planning.decisions import Ledger
from luthier.planning.device import settle_device
from luthier.planning.disk import folder_size
from luthier.planning.doubts import doubts_about, doubts_about_disk
from luthier.planning.drawing import with_drawing
from luthier.planning.duration import speed_of
from luthier.planning.environment import settle_environment
from luthier.planning.evaluation import SAMPLES, Answering, settle_evaluation
from luthier.planning.fitting import Fit, fit
from luthier.planning.knowledge import Knowledge
from luthier.planning.load import Load
from luthier.planning.memory import peak_memory
from luthier.planning.processes import settle_parallelism, settle_processes
from luthier.planning.profiles import suggestions_of
from luthier.planning.training import (
    settle_batch_size,
    settle_intervals,
    settle_kernels,
    settle_lengths_of_training,
    settle_optimiser,
)


def resolve(
    recipe: Recipe,
    machine: Machine,
    shape: ModelShape,
    facts: DataFacts,
    knowledge: Knowledge,
    most_steps: int | None = None,
) -> Plan:
    """What the recipe pins is kept, and the rest is planned around it; `most_steps` is what a budget allows.

    Raises PlanDoesNotFit, GpuMissing, TorchWithoutCuda, and what the values raise that it settles.
    """
    ledger = Ledger(_pins(recipe), suggestions_of(recipe.profiles, shape.architecture, knowledge.profiles))
    room = settle_device(machine, knowledge.abilities, ledger, knowledge.preferences.device)
    batch_size = settle_batch_size(facts, recipe.method, ledger)
    total_steps = settle_lengths_of_training(facts, batch_size, ledger, most_steps)
    optimiser = settle_optimiser(shape, facts, total_steps, ledger, recipe)
    adapter = settle_adapter(recipe.adapter, ledger)
    wanted = Load(shape, adapter, facts, batch_size, "bf16", "reference", device=room.device, trace=knowledge.trace)
    processes = settle_processes(recipe.method, batch_size, ledger, room.device)
    fitted = fit(_as_trained(recipe, optimiser, wanted, processes, ledger), room, ledger, recipe.base)
    settle_parallelism(recipe.method, fitted.load, ledger)
    settle_kernels(fitted.load, ledger)
    speed = speed_of(fitted.load, room, knowledge.cores_on(machine), machine.cpu_features, knowledge.rates)
    course = course_of(speed, fitted, recipe.method)
    settings = TrainingSettings(
        **optimiser,
        **settle_intervals(total_steps, course.step, course.measurement, ledger),
        **{name: ledger.value_of(name) for name in _SETTLED_BY_NAME},
    )
    measurements = 1 + -(-total_steps // settings.evaluate_every)
    disk = folder_size(fitted.load, _most_checkpoints(settings, recipe), facts)
    memory = _corrected_memory(fitted, knowledge)
    seconds = course.seconds(total_steps, measurements)
    answering = Answering(seconds, measurements, speed.answer_seconds(SAMPLES))
    evaluation = settle_evaluation(facts, recipe.method, answering, ledger)
    duration = speed.as_estimate(seconds + answering.seconds_of(evaluation), knowledge.calibration.duration_factor)
    rentals = rentals_of(fitted.load, memory.high, seconds * speed.pace.flops_per_second)
    return Plan(
        method=recipe.method,
        adapter=adapter,
        settings=settings,
        evaluation=evaluation,
        system_prompt=facts.system_prompt,
        examples=facts.examples,
        held_out=facts.held_out,
        tokens_per_epoch=round(facts.examples * facts.sequences * facts.tokens_mean),
        total_steps=total_steps,
        memory=memory,
        duration=duration,
        disk=disk,
        environment=_environment(machine, ledger, knowledge, fitted.load),
        warnings=(*doubts_about(settings, shape, facts, room.device), *doubts_about_disk(disk, machine)),
        decisions=ledger.decisions,
        machine=machine,
        device=room.device,
        cores=knowledge.cores_on(machine),
        costs=costs_of(machine, room, memory, duration, knowledge.tariff).model_copy(update={"rentals": rentals}),
        calibration=knowledge.calibration,
    )


_SETTLED_BY_NAME = (
    "epochs",
    "max_steps",
    "batch_size",
    "micro_batch_tokens",
    "max_length",
    "precision",
    "kernels",
    "gradient_checkpointing",
    "processes",
    "parallelism",
    "device",
)


def _as_trained(recipe: Recipe, optimiser: Mapping[str, Any], wanted: Load, processes: int, ledger: Ledger) -> Load:
    """With what the optimiser, the processes and the method take, and the kernels to reckon with."""
    eight_bit, sharded = optimiser["optimiser"] == "adamw_8bit", ledger.pinned("parallelism") == "fsdp"
    load = replace(wanted, processes=processes, sharded=sharded, eight_bit_moments=eight_bit)
    kernels = ledger.pinned("kernels") or ("fused" if load.may_be_fused else "reference")
    return with_drawing(recipe.method, dict(optimiser), replace(load, kernels=str(kernels)))


def _environment(machine: Machine, ledger: Ledger, knowledge: Knowledge, load: Load) -> dict[str, str]:
    threads = max(1, knowledge.cores_on(machine) // load.processes)
    return settle_environment(machine, ledger, threads, load.device)


def _most_checkpoints(settings: TrainingSettings, recipe: Recipe) -> int:
    """At once: what is kept, the best one, and what a remedy can go back to."""
    return settings.keep_checkpoints + settings.keep_best + (0 if recipe.health.policy == "off" else 2)


def _corrected_memory(fitted: Fit, knowledge: Knowledge) -> Estimate:
    """Fitting keeps to what was counted; what earlier runs taught moves the range that is shown."""
    counted = peak_memory(fitted.load, fitted.max_length, fitted.micro_batch_tokens).as_estimate(fitted.load)
    factor = knowledge.calibration.memory_factor
    return counted.model_copy(update={"low": counted.low * factor, "high": counted.high * factor})


def _pins(recipe: Recipe) -> dict[str, Any]:
    """What the recipe says, under the names that decisions have."""
    adapter = {name: getattr(recipe.adapter, name) for name in recipe.adapter.model_fields_set}
    evaluation = recipe.evaluation.model_dump(exclude_none=True, exclude={"held_out_share"})
    return {
        **recipe.settings,
        **{f"adapter.{name}": _plain(value) for name, value in adapter.items()},
        **{f"evaluation.{name}": value for name, value in evaluation.items()},
    }


def _plain(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, tuple) else value
