"""Makes the plan: settles every value that the recipe leaves open, and says what the run will take."""

from typing import Any

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Plan
from luthier.domain.recipes import Recipe, TrainingSettings
from luthier.planning.adapter import settle_adapter
from luthier.planning.decisions import Ledger
from luthier.planning.disk import folder_size
from luthier.planning.doubts import doubts_about, doubts_about_disk
from luthier.planning.duration import speed_of
from luthier.planning.environment import settle_environment
from luthier.planning.evaluation import settle_evaluation
from luthier.planning.fitting import fit
from luthier.planning.load import Load
from luthier.planning.memory import peak_memory
from luthier.planning.training import (
    settle_batch_size,
    settle_gradient_checkpointing,
    settle_intervals,
    settle_kernels,
    settle_lengths_of_training,
    settle_optimiser,
)


def make_plan(recipe: Recipe, machine: Machine, shape: ModelShape, facts: DataFacts) -> Plan:
    """What the recipe pins is kept, and the rest is planned around it. Raises PlanDoesNotFit."""
    ledger = Ledger(_pins(recipe))
    batch_size = settle_batch_size(facts, ledger)
    total_steps = settle_lengths_of_training(facts, batch_size, ledger)
    optimiser = settle_optimiser(shape, total_steps, ledger, recipe)
    adapter = settle_adapter(recipe.adapter, ledger)
    wanted = Load(
        shape,
        adapter,
        facts,
        batch_size,
        precision="bf16",
        kernels=settle_kernels(adapter, ledger),
        gradient_checkpointing=settle_gradient_checkpointing(ledger),
    )
    fitted = fit(wanted, machine, ledger, recipe.base)

    speed = speed_of(fitted.load, machine)
    batch_tokens = batch_size * min(facts.tokens_mean, fitted.max_length)
    step_seconds = speed.step_seconds(batch_tokens, passes=max(1.0, batch_tokens / fitted.micro_batch_tokens))
    held_out_seconds = speed.held_out_seconds(facts.held_out * facts.tokens_mean)
    intervals = settle_intervals(total_steps, step_seconds, held_out_seconds, ledger)

    values: dict[str, Any] = {
        **optimiser,
        **intervals,
        "epochs": ledger.value_of("epochs"),
        "max_steps": ledger.value_of("max_steps"),
        "batch_size": batch_size,
        "micro_batch_tokens": fitted.micro_batch_tokens,
        "max_length": fitted.max_length,
        "precision": fitted.load.precision,
        "kernels": fitted.load.kernels,
        "gradient_checkpointing": fitted.load.gradient_checkpointing,
    }
    settings = TrainingSettings(**values)
    measurements = 1 + -(-total_steps // settings.evaluate_every)
    disk = folder_size(fitted.load.adapter_parameters, settings.keep_checkpoints, facts)
    return Plan(
        method=recipe.method,
        adapter=adapter,
        settings=settings,
        evaluation=settle_evaluation(facts, recipe.method, ledger),
        system_prompt=facts.system_prompt,
        examples=facts.examples,
        held_out=facts.held_out,
        tokens_per_epoch=round(facts.examples * facts.tokens_mean),
        total_steps=total_steps,
        memory=peak_memory(fitted.load, fitted.max_length, fitted.micro_batch_tokens).as_estimate(),
        duration=speed.as_estimate(total_steps * step_seconds + measurements * held_out_seconds),
        disk=disk,
        environment=settle_environment(machine, ledger),
        warnings=(*doubts_about(settings, shape, facts), *doubts_about_disk(disk, machine)),
        decisions=ledger.decisions,
        machine=machine,
    )


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
