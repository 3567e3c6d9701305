"""The numbers of the training loop that follow from the data, the base model and the method."""

import math

from luthier.domain.adapters import FUSED_KINDS, AdapterSettings, KernelsUnknown, QuantisedBaseFrozen
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.recipes import PREFERENCE_METHODS, Method, Recipe
from luthier.kit.units import show_duration
from luthier.planning.decisions import Ledger, Source

SMALL_MODEL = 1_000_000_000  # parameters
USUAL_BATCH = 8
FEWEST_STEPS = 10  # of an epoch: with less, the learning rate has no time to rise and fall
CHECKPOINT_SECONDS = 60  # the most work that a kill can cost
FEWEST_CHECKPOINT_STEPS = 10
CHECKPOINTS = 4  # at least, over the whole training
MEASUREMENTS = 8  # of the held-out loss, over the whole training
MEASURING_SHARE = 0.1  # of the training time, at most


def settle_batch_size(facts: DataFacts, ledger: Ledger) -> int:
    size = USUAL_BATCH
    while size > 1 and facts.examples < size * FEWEST_STEPS:
        size //= 2
    if size < USUAL_BATCH:
        return ledger.settle("batch_size", size, f"There are only {facts.examples} examples.", "data")
    return ledger.settle("batch_size", size, "Small batches learn the most from each example.", "default")


def settle_lengths_of_training(facts: DataFacts, batch_size: int, ledger: Ledger, most_steps: int | None = None) -> int:
    """Settles epochs and max_steps; returns the number of optimiser steps. `most_steps` is what a budget allows."""
    per_epoch = math.ceil(facts.examples / batch_size)
    max_steps = ledger.settle("max_steps", *_step_limit(most_steps))
    epochs, reason = _epochs(facts)
    if max_steps is not None:
        epochs = float(min(100, max(1, math.ceil(max_steps / per_epoch))))
        reason = f"Enough passes for the {max_steps} steps that are allowed."
    epochs = ledger.settle("epochs", epochs, reason, "data")
    steps = math.ceil(epochs * per_epoch)
    return min(steps, max_steps or steps)


def _step_limit(most_steps: int | None) -> tuple[int | None, str, Source]:
    if most_steps is None:
        return None, "Training ends when the epochs are done.", "default"
    return most_steps, "More would not keep to the budget.", "budget"


def _epochs(facts: DataFacts) -> tuple[float, str]:
    count = facts.examples
    if count < 1000:
        return 3.0, f"{count} examples are few: seen three times they are learnt, more often they are memorised."
    if count < 10_000:
        return 2.0, f"{count} examples are enough to be learnt in two passes."
    return 1.0, f"{count} examples are many: one pass shows each of them once."


def settle_optimiser(
    shape: ModelShape, total_steps: int, ledger: Ledger, recipe: Recipe
) -> dict[str, str | int | float | bool | None]:
    """Everything of TrainingSettings that does not depend on memory or time."""
    small = shape.parameters < SMALL_MODEL
    rate, rate_reason = _learning_rate(recipe.adapter, "less" if small else "more", 1e-3 if small else 2e-4)
    if recipe.method in PREFERENCE_METHODS:
        rate, rate_reason = (
            rate / 20,
            "A twentieth of the supervised rate: preferences are fine corrections.",
        )
    warmup = 0.03 if total_steps >= 100 else 0.1
    warmup_reason = "The rate rises over the first steps, before the adapter has found its direction."
    trained, trained_reason = ("assistant", "The model shall learn to answer, not to ask.")
    overlong, overlong_reason = ("drop", "An answer that is cut teaches the model to stop in the middle.")
    if recipe.method == "cpt":
        trained, trained_reason = ("everything", "Continued pre-training learns the whole text.")
        overlong, overlong_reason = ("truncate", "Plain text may end anywhere.")
    return {
        "learning_rate": ledger.settle("learning_rate", rate, rate_reason, "model"),
        "schedule": ledger.settle("schedule", "linear", "The rate falls to zero, so that the end is calm.", "default"),
        "warmup_ratio": ledger.settle("warmup_ratio", warmup, warmup_reason, "default"),
        "weight_decay": ledger.settle("weight_decay", 0.0, "Few passes need no pull towards zero.", "default"),
        "adam_beta1": ledger.settle("adam_beta1", 0.9, "AdamW's usual value.", "default"),
        "adam_beta2": ledger.settle("adam_beta2", 0.999, "AdamW's usual value.", "default"),
        "adam_epsilon": ledger.settle("adam_epsilon", 1e-8, "AdamW's usual value.", "default"),
        "max_gradient_norm": ledger.settle("max_gradient_norm", 1.0, "One odd batch cannot upset the rest.", "default"),
        "seed": ledger.settle("seed", 0, "Any number will do; the same one repeats the run.", "default"),
        "preference_beta": ledger.settle("preference_beta", *_beta(recipe.method), "default"),
        "preference_margin": ledger.settle("preference_margin", 0.5, "Used by SimPO alone.", "default"),
        "train_on": ledger.settle("train_on", trained, trained_reason, "default"),
        "overlong": ledger.settle("overlong", overlong, overlong_reason, "default"),
    }


def _beta(method: Method) -> tuple[float, str]:
    match method:
        case "simpo":
            return 2.0, "SimPO's usual value; it compares means over tokens, which are small."
        case "dpo" | "ipo" | "orpo":
            return 0.1, f"The usual value of {method.upper()}."
        case _:
            return 0.1, f"Not used by {method}."


def _learning_rate(adapter: AdapterSettings, than_a_billion: str, low_rank: float) -> tuple[float, str]:
    base = f"on a base of {than_a_billion} than a billion weights."
    match adapter.kind:
        case "full":
            return low_rank / 10, f"A tenth of LoRA's: every weight moves. Usual {base}"
        case "vera" | "ia3":
            return 5e-3, f"{adapter.kind.upper()} learns few values, each of which has to move far."
        case _:
            return low_rank, f"Usual for LoRA {base}"


def settle_kernels(adapter: AdapterSettings, precision: str, ledger: Ledger) -> str:
    """Raises KernelsUnknown when the recipe wants fused ones where there are none, QuantisedBaseFrozen."""
    quantised = precision == "nf4"
    if quantised and adapter.kind == "full":
        raise QuantisedBaseFrozen(precision="nf4")
    if adapter.kind in FUSED_KINDS and not quantised:
        reason = "The same mathematics as the libraries' own forward, in less time and memory."
        return ledger.settle("kernels", "fused", reason, "default")
    what = "a base in nf4" if quantised else f"adapters of the kind {adapter.kind}"
    kernels = ledger.settle("kernels", "reference", f"The fused ones cannot compute {what}.", "default")
    if kernels == "fused":
        raise KernelsUnknown(what=what)
    return kernels


def settle_intervals(total_steps: int, step_seconds: float, held_out_seconds: float, ledger: Ledger) -> dict[str, int]:
    """How often to save and to measure, from the expected times of one step and of one measurement."""
    save = max(FEWEST_CHECKPOINT_STEPS, round(CHECKPOINT_SECONDS / step_seconds))
    save = max(1, min(save, total_steps // CHECKPOINTS))
    save_reason = f"About every {min(CHECKPOINT_SECONDS, round(save * step_seconds))} s: no more than that can be lost."
    return {
        "checkpoint_every": ledger.settle("checkpoint_every", save, save_reason, "machine"),
        "keep_checkpoints": ledger.settle(
            "keep_checkpoints", 2, "The newest, and the one before it in case that is damaged.", "default"
        ),
        "evaluate_every": _settle_measuring(total_steps, step_seconds, held_out_seconds, ledger),
    }


def _settle_measuring(total_steps: int, step_seconds: float, held_out_seconds: float, ledger: Ledger) -> int:
    if held_out_seconds == 0:
        return ledger.settle("evaluate_every", total_steps, "No examples are held out to measure with.", "data")
    for_detail, half = math.ceil(total_steps / MEASUREMENTS), max(1, total_steps // 2)
    for_time = math.ceil(held_out_seconds / (step_seconds * MEASURING_SHARE))
    every = min(max(for_detail, for_time), half)
    if every >= for_time:
        reason = f"Shows where training goes and takes at most {MEASURING_SHARE:.0%} of the time."
        return ledger.settle("evaluate_every", every, reason, "default")
    reason = f"Only half-way and at the end: one measurement takes about {show_duration(held_out_seconds)}."
    return ledger.settle("evaluate_every", every, reason, "machine")
