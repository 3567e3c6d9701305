"""The plan card in each of its states, and a version on its way into a slot, as the page of patterns shows them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from luthier.domain.adapters import LoraSettings
from luthier.domain.background import WorkState
from luthier.domain.counting import Counting
from luthier.domain.deployments import TrialFailed
from luthier.domain.drafts import Draft, DraftIncomplete
from luthier.domain.findings import Finding, Level
from luthier.domain.jobs import Progress
from luthier.domain.machine import Machine
from luthier.domain.plans import (
    Alternative,
    Change,
    Component,
    ComponentName,
    Costs,
    Decision,
    Estimate,
    EvaluationPlan,
    Plan,
    PlanDoesNotFit,
    Rental,
)
from luthier.domain.recipes import TrainingSettings
from luthier.domain.rollouts import Rollout, RolloutRequest
from luthier.server.web.deployments import RolloutCard
from luthier.server.web.wizard_plan import PlanCard

_MACHINE = Machine(
    system="Linux 6.18",
    python="3.11.9",
    cpu="A processor",
    cores=16,
    cpu_features=(),
    memory_bytes=67_000_000_000,
    available_bytes=50_000_000_000,
    disk_free_bytes=300_000_000_000,
)
_SETTINGS = TrainingSettings(
    epochs=2.0,
    max_steps=None,
    batch_size=8,
    micro_batch_tokens=2048,
    max_length=192,
    overlong="drop",
    learning_rate=1e-3,
    schedule="linear",
    warmup_ratio=0.03,
    weight_decay=0.0,
    adam_beta1=0.9,
    adam_beta2=0.999,
    adam_epsilon=1e-8,
    max_gradient_norm=1.0,
    seed=7,
    train_on="assistant",
    precision="bf16",
    kernels="fused",
    checkpoint_every=15,
    keep_checkpoints=2,
    evaluate_every=15,
)
_RUNNING = Progress(what="measuring examples", done=41_000, total=120_000)
_PARTS: dict[ComponentName, float] = {"framework": 0.4, "weights": 0.3, "adapter": 0.1, "activations": 0.9}


def plan_cards(now: datetime) -> Sequence[PlanCard]:
    """They ask nobody."""
    draft = Draft(draft_id="draft_pattern", step="model", begun_at=now, changed_at=now)
    blank = PlanCard(
        draft=draft,
        base="some/Chat-2B",
        plan=None,
        counting=None,
        problem=None,
        is_missing=False,
        whys=(),
        found=None,
        asks=False,
    )
    too_large = PlanDoesNotFit(base="some/Chat-70B", needed="160 GB", available="24 GB", shorter=256)
    states = {
        "nothing to count yet": replace(blank, problem=DraftIncomplete().problem),
        "it waits": replace(blank, counting=Counting(state=WorkState.WAITING)),
        "it is measured": replace(blank, counting=Counting(state=WorkState.RUNNING, progress=_RUNNING)),
        "called off": replace(blank, counting=Counting(state=WorkState.CANCELLED)),
        "a base elsewhere": replace(blank, is_missing=True),
        "a base in a file": replace(blank, base="Chat-2B-Q8_0.gguf", is_missing=True),
        "too large": replace(blank, problem=too_large.problem),
        "with all its parts": replace(blank, plan=_plan(), is_missing=True),
    }
    return [
        replace(card, own_id=f"plan-card-{number}", title=f"Plan: {what}")
        for number, (what, card) in enumerate(states.items())
    ]


def rollout_cards(now: datetime) -> Sequence[RolloutCard]:
    states = (state for state in WorkState if state is not WorkState.DONE)  # then its slot has changed instead
    return [RolloutCard(_rollout(state, now), asks=False) for state in states]


def _plan() -> Plan:
    """With costs, a doubt, another plan and what the memory is made of."""
    memory = _estimate(1.4e9, 2.1e9, "bytes")
    parts = tuple(Component(name=name, low=share * 0.8e9, high=share * 1.2e9) for name, share in _PARTS.items())
    rental = Rental(
        gpu="NVIDIA L4",
        provider="RunPod",
        per_hour=0.44,
        as_of="2026-07",
        money=_estimate(0.06, 0.11, "money", "USD"),
        duration=_estimate(240, 620, "seconds"),
    )
    costs = Costs(
        energy=_estimate(0.03, 0.07, "kWh"),
        electricity=_estimate(0.009, 0.02, "money", "EUR"),
        co2e=_estimate(0.011, 0.028, "kgCO2e"),
        region="world",
    )
    faster = Alternative(
        name="faster",
        sentence="Half the time, and a result that may be a little worse.",
        changes=(Change(setting="epochs", before="2", after="1"),),
        options=("--set", "epochs=1"),
        memory=memory,
        duration=_estimate(700, 1500, "seconds"),
        costs=costs,
    )
    doubt = Finding(
        code="plans.little_data",
        level=Level.WARNING,
        sentence="There are few examples, so little says how good the result is.",
        suggestion="Add more of them.",
    )
    return Plan(
        method="sft",
        adapter=LoraSettings(),
        settings=_SETTINGS,
        evaluation=EvaluationPlan(scorer="json", max_new_tokens=96, examples=60),
        examples=240,
        held_out=60,
        tokens_per_epoch=22_200,
        total_steps=60,
        memory=memory.model_copy(update={"components": parts}),
        duration=_estimate(1400, 3100, "seconds"),
        disk=_estimate(5e7, 9e7, "bytes"),
        decisions=(Decision(name="epochs", value=2.0, reason="Two passes are enough.", source="data"),),
        warnings=(doubt,),
        environment={},
        machine=_MACHINE,
        costs=costs.model_copy(update={"rentals": (rental,)}),
        alternatives=(faster,),
    )


def _estimate(
    low: float, high: float, unit: Literal["bytes", "seconds", "kWh", "kgCO2e", "money"], currency: str = ""
) -> Estimate:
    basis = "Measured on a machine like this one."
    return Estimate(low=low, high=high, unit=unit, confidence=0.8, basis=basis, currency=currency)


def _rollout(state: WorkState, now: datetime) -> Rollout:
    version, slot = "orders@0.2.0", f"clerk/{state.value}"
    request = RolloutRequest(slot=slot, version_id="ver_pattern", version=version, back=state is WorkState.FAILED)
    failure = TrialFailed(version=version, slot=slot, reason="it loaded, and answered nothing.")
    return Rollout(
        rollout_id=f"rollout_{state.value}",
        request=request,
        state=state,
        begun_at=now,
        progress=Progress(what="hearing its answer", done=7, total=16) if state is WorkState.RUNNING else None,
        problem=failure.problem if state is WorkState.FAILED else None,
    )
