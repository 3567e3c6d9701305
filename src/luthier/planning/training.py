"""The numbers of the training loop that follow from the data, the base model and the method."""

import math

from luthier.domain.adapters import AdapterSettings, KernelsUnknown, QuantisedBaseFrozen
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.recipes import COMPARING_METHODS, Method, Recipe, TrainingSettings
from luthier.domain.rewards import KlNeedsAdapter
from luthier.kit.units import show_duration
from luthier.planning.decisions import Ledger, Source
from luthier.planning.evaluation import UNKNOWN_ANSWER
from luthier.planning.load import Load

SMALL_MODEL = 1_000_000_000  # parameters
USUAL_BATCH = 8
JUDGED_BATCH = 16  # below, the point of zero is little more than noise
FEWEST_STEPS = 10  # of an epoch: with less, the learning rate has no time to rise and fall
CHECKPOINT_SECONDS = 60  # the most work that a kill can cost
FEWEST_CHECKPOINT_STEPS = 10
CHECKPOINTS = 4  # at least, over the whole training
MEASUREMENTS = 8  # of the held-out loss, over the whole training
SHORTEST_DRAWN, LONGEST_DRAWN = 32, 512  # tokens of the answers that GRPO draws
GROUP_SETTINGS = ("group_size", "answer_tokens", "kl_weight")
MEASURING_SHARE = 0.1  # of the training time, at most


def settle_batch_size(facts: DataFacts, method: Method, ledger: Ledger) -> int:
    if method == "kto":
        reason = "KTO measures its point of zero on each batch, and balances good and bad answers within it."
        return ledger.settle("batch_size", min(JUDGED_BATCH, max(1, facts.examples)), reason, "default")
    size = USUAL_BATCH
    while size > 1 and facts.examples < size * FEWEST_STEPS:
        size //= 2
    if size < USUAL_BATCH:
        return ledger.settle("batch_size", size, f"There are only {facts.examples} examples.", "data")
    return ledger.settle("batch_size", size, "Small batches learn the most from each example.", "default")


def settle_group(recipe: Recipe, facts: DataFacts, ledger: Ledger) -> dict[str, int | float]:
    """What GRPO draws and is held by. Raises KlNeedsAdapter."""
    unused = f"Not used by {recipe.method}."
    size, size_reason = 8, "Enough answers to tell good from bad ones, and few enough to be quick."
    room = max(SHORTEST_DRAWN, min(LONGEST_DRAWN, 2 * facts.answer_tokens_max))
    room_reason = f"Twice the longest answer that is known, from {SHORTEST_DRAWN} to {LONGEST_DRAWN} tokens."
    if facts.has_no_answers:
        room, room_reason = (UNKNOWN_ANSWER, "No answer is known beforehand; this is enough for a few sentences.")
    weight, weight_reason = 0.04, "The weight of the paper (arXiv 2402.03300, section 4.2)."
    if recipe.adapter.kind == "full":
        weight, weight_reason = 0.0, "Every weight is trained, so there is no base beside the model to hold it to."
    if recipe.method != "grpo":
        size_reason = room_reason = weight_reason = unused
        size, room, weight = (TrainingSettings.model_fields[name].default for name in GROUP_SETTINGS)
    settled: dict[str, int | float] = {
        "group_size": ledger.settle("group_size", size, size_reason, "default"),
        "answer_tokens": ledger.settle("answer_tokens", room, room_reason, "data"),
        "kl_weight": ledger.settle("kl_weight", weight, weight_reason, "default"),
    }
    if recipe.method == "grpo" and recipe.adapter.kind == "full" and settled["kl_weight"] > 0:
        raise KlNeedsAdapter(weight=settled["kl_weight"])
    return settled


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
    shape: ModelShape, facts: DataFacts, total_steps: int, ledger: Ledger, recipe: Recipe
) -> dict[str, str | int | float | bool | None]:
    """Everything of TrainingSettings that does not depend on memory or time."""
    small = shape.parameters < SMALL_MODEL
    rate, rate_reason = _learning_rate(recipe.adapter, "less" if small else "more", 1e-3 if small else 2e-4)
    if recipe.method in COMPARING_METHODS:
        rate, rate_reason = (
            rate / 20,
            "A twentieth of the supervised rate: preferences are fine corrections.",
        )
    if recipe.method == "reward":
        rate, rate_reason = (
            rate / 10,
            "A tenth of the supervised rate: one number of each answer is all that is learnt.",
        )
    if recipe.method == "grpo":
        rate, rate_reason = (
            rate / 20,
            "A twentieth of the supervised rate: what is learnt from are the model's own, varied answers.",
        )
    warmup = 0.03 if total_steps >= 100 else 0.1
    warmup_reason = "The rate rises over the first steps, before the adapter has found its direction."
    trained, trained_reason = ("assistant", "The model shall learn to answer, not to ask.")
    overlong, overlong_reason = ("drop", "An answer that is cut teaches the model to stop in the middle.")
    if recipe.method == "cpt":
        trained, trained_reason = ("everything", "Continued pre-training learns the whole text.")
        overlong, overlong_reason = ("truncate", "Plain text may end anywhere.")
    if facts.has_no_answers:
        trained, trained_reason = ("everything", "The questions have no answers; what is learnt the model says itself.")
    return {
        "learning_rate": ledger.settle("learning_rate", rate, rate_reason, "model"),
        "schedule": ledger.settle("schedule", "linear", "The rate falls to zero, so that the end is calm.", "default"),
        "warmup_ratio": ledger.settle("warmup_ratio", warmup, warmup_reason, "default"),
        "weight_decay": ledger.settle("weight_decay", 0.0, "Few passes need no pull towards zero.", "default"),
        "optimiser": ledger.settle("optimiser", "adamw", "Its moments in 32 bits are exact.", "default"),
        "adam_beta1": ledger.settle("adam_beta1", 0.9, "AdamW's usual value.", "default"),
        "adam_beta2": ledger.settle("adam_beta2", 0.999, "AdamW's usual value.", "default"),
        "adam_epsilon": ledger.settle("adam_epsilon", 1e-8, "AdamW's usual value.", "default"),
        "max_gradient_norm": ledger.settle("max_gradient_norm", 1.0, "One odd batch cannot upset the rest.", "default"),
        "seed": ledger.settle("seed", 0, "Any number will do; the same one repeats the run.", "default"),
        **_settle_judgements(recipe.method, facts, ledger),
        "preference_beta": ledger.settle("preference_beta", *_beta(recipe.method), "default"),
        "preference_margin": ledger.settle("preference_margin", 0.5, "Used by SimPO alone.", "default"),
        **settle_group(recipe, facts, ledger),
        **_settle_ending(ledger),
        "train_on": ledger.settle("train_on", trained, trained_reason, "default"),
        "overlong": ledger.settle("overlong", overlong, overlong_reason, "default"),
    }


def _beta(method: Method) -> tuple[float, str]:
    match method:
        case "simpo":
            return 2.0, "SimPO's usual value; it compares means over tokens, which are small."
        case "dpo" | "ipo" | "orpo" | "kto":
            return 0.1, f"The usual value of {method.upper()}."
        case _:
            return 0.1, f"Not used by {method}."


def _settle_ending(ledger: Ledger) -> dict[str, bool | int | float]:
    best_reason = "The last step is the result: the learning rate has come to rest there."
    patience_reason = "Few passes end before the model begins to memorise."
    threshold_reason = "Any fall of the held-out loss counts as a gain."
    return {
        "keep_best": ledger.settle("keep_best", False, best_reason, "default"),
        "early_stopping_patience": ledger.settle("early_stopping_patience", 0, patience_reason, "default"),
        "early_stopping_threshold": ledger.settle("early_stopping_threshold", 0.0, threshold_reason, "default"),
    }


def _settle_judgements(method: Method, facts: DataFacts, ledger: Ledger) -> dict[str, float]:
    """KTO wants good answers to weigh once to 4/3 times as much as bad ones in all (arXiv 2402.01306, section 4.2)."""
    good, bad, reason = 1.0, 1.0, "Good and bad answers are about as many."
    share = facts.desirable_share
    if method != "kto":
        reason = f"Not used by {method}."
    elif share in (0.0, 1.0):
        reason = "All answers are judged alike, so there is nothing to balance."
    elif share < 0.5:
        good, reason = (
            round((1 - share) / share, 3),
            f"Only {share:.0%} of the answers are good; both sides count alike.",
        )
    elif share / (1 - share) > 4 / 3:
        bad, reason = round(share / (1 - share), 3), f"{share:.0%} of the answers are good; both sides count alike."
    return {
        "desirable_weight": ledger.settle("desirable_weight", good, reason, "data"),
        "undesirable_weight": ledger.settle("undesirable_weight", bad, reason, "data"),
    }


def _learning_rate(adapter: AdapterSettings, than_a_billion: str, low_rank: float) -> tuple[float, str]:
    base = f"on a base of {than_a_billion} than a billion weights."
    match adapter.kind:
        case "full":
            return low_rank / 10, f"A tenth of LoRA's: every weight moves. Usual {base}"
        case "vera" | "ia3":
            return 5e-3, f"{adapter.kind.upper()} learns few values, each of which has to move far."
        case _:
            return low_rank, f"Usual for LoRA {base}"


def settle_kernels(load: Load, ledger: Ledger) -> str:
    """Raises KernelsUnknown when the recipe wants fused ones where there are none, QuantisedBaseFrozen."""
    quantised, kind = load.precision == "nf4", load.adapter.kind
    if quantised and kind == "full":
        raise QuantisedBaseFrozen(precision="nf4")
    if load.may_be_fused and not quantised:
        reason = "The same mathematics as the libraries' own forward, in less time and memory."
        return ledger.settle("kernels", "fused", reason, "default")
    what = "a base in nf4" if quantised else f"adapters of the kind {kind}"
    what = "layers that are divided among processes" if load.sharded else what
    what = what if load.device == "cpu" else "on a GPU"
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
