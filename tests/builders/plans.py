"""Plans and what they are made of."""

from typing import Any, Literal

from luthier.domain.adapters import LoraSettings
from luthier.domain.plans import DataFacts, Decision, Estimate, EvaluationPlan, Plan
from luthier.domain.recipes import TrainingSettings
from tests.builders.machines import a_machine


def data_facts(**changes: Any) -> DataFacts:
    values: dict[str, Any] = {
        "examples": 240,
        "held_out": 60,
        "tokens_p50": 90,
        "tokens_p95": 118,
        "tokens_max": 140,
        "tokens_mean": 92.5,
        "supervised_share": 0.4,
        "answers_are_json": True,
        "answer_tokens_max": 60,
    }
    return DataFacts(**(values | changes))


def training_settings(**changes: Any) -> TrainingSettings:
    values: dict[str, Any] = {
        "epochs": 2.0,
        "max_steps": None,
        "batch_size": 8,
        "micro_batch_tokens": 2048,
        "max_length": 192,
        "overlong": "drop",
        "learning_rate": 1e-3,
        "schedule": "linear",
        "warmup_ratio": 0.03,
        "weight_decay": 0.0,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "max_gradient_norm": 1.0,
        "seed": 7,
        "train_on": "assistant",
        "precision": "bf16",
        "kernels": "fused",
        "checkpoint_every": 15,
        "keep_checkpoints": 2,
        "evaluate_every": 15,
    }
    return TrainingSettings(**(values | changes))


def an_estimate(low: float, high: float, unit: Literal["bytes", "seconds"]) -> Estimate:
    return Estimate(low=low, high=high, unit=unit, confidence=0.8, basis="measured on a machine like this one")


def a_plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {
        "method": "sft",
        "adapter": LoraSettings(),
        "settings": training_settings(),
        "evaluation": EvaluationPlan(scorer="json", max_new_tokens=96, examples=60),
        "examples": 240,
        "held_out": 60,
        "tokens_per_epoch": 22_200,
        "total_steps": 60,
        "memory": an_estimate(1.5e9, 2.5e9, "bytes"),
        "duration": an_estimate(120, 240, "seconds"),
        "disk": an_estimate(5e7, 9e7, "bytes"),
        "decisions": (Decision(name="epochs", value=2.0, reason="There are few examples.", source="data"),),
        "environment": {"OMP_NUM_THREADS": "2"},
        "machine": a_machine(),
    }
    return Plan(**(values | changes))
