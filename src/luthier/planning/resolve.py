"""Settles every value that the recipe leaves open, and says what the run will take."""

from typing import Any

from luthier.domain.adapters import FUSED_KINDS, AdapterSettings
from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Estimate, Plan
from luthier.domain.recipes import Recipe, TrainingSettings
from luthier.planning.abilities import room_on
from luthier.planning.adapter import settle_adapter
from luthier.planning.costs import costs_of, rentals_of
from luthier.planning.decisions import Ledger
from luthier.planning.disk import folder_size
from luthier.planning.doubts import doubts_about, doubts_about_disk
from luthier.planning.duration import Speed, speed_of
from luthier.planning.environment import settle_environment
from luthier.planning.evaluation import SAMPLES, Answering, settle_evaluation
from luthier.planning.fitting import Fit, fit
from luthier.planning.knowledge import Knowledge
from luthier.planning.load import Load
from luthier.planning.memory import peak_memory
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

    Raises PlanDoesNotFit, KernelsUnknown, QuantisedBaseFrozen.
    """
    ledger = Ledger(_pins(recipe), suggestions_of(recipe.profiles, shape.architecture, knowledge.profiles))
    room = room_on(machine, knowledge.abilities)
    batch_size = settle_batch_size(facts, ledger)
    total_steps = settle_lengths_of_training(facts, batch_size, ledger, most_steps)
    optimiser = settle_optimiser(shape, total_steps, ledger, recipe)
    adapter = settle_adapter(recipe.adapter, ledger)
    wanted = Load(shape, adapter, facts, batch_size, "bf16", _kernels(adapter, ledger), trace=knowledge.trace)
    fitted = fit(wanted, room, ledger, recipe.base)
    settle_kernels(adapter, fitted.load.precision, ledger)

    speed = speed_of(fitted.load, room, machine.cores, machine.cpu_features, knowledge.rates)
    step_seconds, held_out_seconds = _seconds(speed, fitted)
    settings = TrainingSettings(
        **optimiser,
        **settle_intervals(total_steps, step_seconds, held_out_seconds, ledger),
        **{name: ledger.value_of(name) for name in _SETTLED_BY_NAME},
    )
    measurements = 1 + -(-total_steps // settings.evaluate_every)
    spare = 0 if recipe.health.policy == "off" else 2  # for a remedy to go back to
    disk = folder_size(fitted.load.trained_parameters, settings.keep_checkpoints + spare, facts)
    memory = _corrected_memory(fitted, knowledge)
    seconds = total_steps * step_seconds + measurements * held_out_seconds
    answering = Answering(seconds, measurements, speed.answer_seconds(SAMPLES))
    evaluation = settle_evaluation(facts, recipe.method, answering, ledger)
    duration = speed.as_estimate(seconds + answering.seconds_of(evaluation), knowledge.calibration.duration_factor)
    costs = costs_of(machine, room, memory, duration, knowledge.tariff)
    rentals = rentals_of(fitted.load, memory.high, seconds * speed.pace.flops_per_second)
    return Plan(
        method=recipe.method,
        adapter=adapter,
        settings=settings,
        evaluation=evaluation,
        system_prompt=facts.system_prompt,
        examples=facts.examples,
        held_out=facts.held_out,
        tokens_per_epoch=round(facts.examples * facts.tokens_mean),
        total_steps=total_steps,
        memory=memory,
        duration=duration,
        disk=disk,
        environment=settle_environment(machine, ledger),
        warnings=(*doubts_about(settings, shape, facts, room.device), *doubts_about_disk(disk, machine)),
        decisions=ledger.decisions,
        machine=machine,
        device=room.device,
        costs=costs.model_copy(update={"rentals": rentals}),
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
)


def _kernels(adapter: AdapterSettings, ledger: Ledger) -> str:
    """To reckon with; `settle_kernels` decides, and refuses."""
    return str(ledger.pinned("kernels") or ("fused" if adapter.kind in FUSED_KINDS else "reference"))


def _seconds(speed: Speed, fitted: Fit) -> tuple[float, float]:
    """Of one step, and of one measurement of the held-out loss."""
    facts = fitted.load.facts
    batch_tokens = fitted.load.batch_size * min(facts.tokens_mean, fitted.max_length)
    passes = max(1.0, batch_tokens / fitted.micro_batch_tokens)
    return speed.step_seconds(batch_tokens, passes), speed.held_out_seconds(facts.held_out * facts.tokens_mean)


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
