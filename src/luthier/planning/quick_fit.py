"""Whether a base could be tuned here, before there are examples or anything is fetched: the planner's own reckoning."""

import math

from luthier.domain.adapters import LoraSettings
from luthier.domain.machine import Device, Machine
from luthier.domain.model_cards import QuickFit
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, PlanDoesNotFit
from luthier.kit.units import show_bytes
from luthier.planning.abilities import Abilities, room_on
from luthier.planning.decisions import Ledger
from luthier.planning.facts import published_shapes
from luthier.planning.fitting import fit
from luthier.planning.load import Load
from luthier.planning.memory import budget_bytes, peak_memory

# Examples of usual length, so that bases can be compared: the plan counts the real ones.
_USUAL = DataFacts(
    examples=1000,
    held_out=100,
    tokens_p50=256,
    tokens_p95=512,
    tokens_max=512,
    tokens_mean=280,
    supervised_share=0.5,
    answers_are_json=False,
    answer_tokens_max=256,
)
_BATCH = 1  # one example at a time: what is needed at least


def quick_fit(
    shape: ModelShape | None, machine: Machine, abilities: Abilities, preferred: Device | None = None
) -> QuickFit:
    """For a LoRA adapter on examples of up to 512 tokens; None is a base of which no size is known."""
    room = room_on(machine, abilities, preferred)
    if shape is None:
        sentence = "Its size is not known before it is fetched."
        return QuickFit(verdict="unknown", available_bytes=room.available_bytes, sentence=sentence)
    kernels = "fused" if room.device == "cpu" else "reference"
    load = Load(shape, LoraSettings(), _USUAL, _BATCH, "bf16", kernels)
    try:
        fitted = fit(load, room, Ledger({}), "")
    except PlanDoesNotFit as error:
        needed = str(error.problem.fields["needed"])
        sentence = f"It needs about {needed} of memory; {show_bytes(room.available_bytes)} are free."
        return QuickFit(verdict="too-large", available_bytes=room.available_bytes, sentence=sentence)
    peak = peak_memory(fitted.load, fitted.max_length, fitted.micro_batch_tokens).expected(fitted.load)
    in_four_bits = fitted.load.precision == "nf4"
    share = peak / budget_bytes(fitted.load, room.available_bytes)
    how = " in four bits" if in_four_bits else ""
    return QuickFit(
        verdict="four-bits" if in_four_bits else "fits",
        needed_bytes=round(peak),
        available_bytes=room.available_bytes,
        sentence=f"It fits{how}: at least {show_bytes(peak)}, {share:.0%} of the memory that a run may fill here.",
    )


def shape_of_size(parameters: int, architecture: str) -> ModelShape:
    """A likely shape of which only the size is known: that of the nearest published base, widened to that size."""
    near = min(published_shapes(), key=lambda each: abs(math.log(each.parameters / parameters)))
    wider = math.sqrt(parameters / near.parameters)  # the weights of a layer grow with the square of its width
    return ModelShape(
        architecture=architecture or near.architecture,
        layers=near.layers,
        hidden=max(1, round(near.hidden * wider)),
        intermediate=max(1, round(near.intermediate * wider)),
        heads=near.heads,
        kv_heads=near.kv_heads,
        head_width=max(1, round(near.head_width * wider)),
        vocabulary=near.vocabulary,
        context_length=near.context_length,
        tied_embeddings=near.tied_embeddings,
        parameters=parameters,
    )
