"""The peer of rows that train, in its own environment: TRL's SFTTrainer on given tokens in order."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
import trl
from datasets import Dataset


class Stopwatch(transformers.TrainerCallback):
    """The moment at which each step was over."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def on_step_end(self, *_arguments: object, **_fields: object) -> None:
        self.moments.append(time.time())


def main(job_file: Path, result_file: Path) -> None:
    job = json.loads(job_file.read_text())
    stopwatch = Stopwatch()
    trainer = trl.SFTTrainer(
        model=job["model"],
        args=trl.SFTConfig(completion_only_loss=True, **work_of(job)),
        train_dataset=Dataset.from_list(job["rows"]),
        processing_class=transformers.AutoTokenizer.from_pretrained(job["model"]),
        peft_config=lora_config(job),
        callbacks=[stopwatch],
    )
    trainer.train()
    result_file.write_text(json.dumps(_measure(job, stopwatch, trainer.state.log_history)))


def lora_config(job: dict[str, Any]) -> peft.LoraConfig | None:
    """None: every weight is trained."""
    return peft.LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", **job["lora"]) if job["lora"] else None


def work_of(job: dict[str, Any]) -> dict[str, Any]:
    """What the work demands (and no saving); everything else is TRL's default, but for one who tuned it."""
    tuned = {"bf16": True, "gradient_checkpointing": False} if job["is_tuned"] else {}
    return {
        "output_dir": "trl",
        "per_device_train_batch_size": job["batch_size"],
        "max_length": job["max_length"],
        "learning_rate": job["learning_rate"],
        "train_sampling_strategy": "sequential",
        "num_train_epochs": 1,
        "seed": job["seed"],
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": not job["on_gpu"],  # bf16, a default, is refused on a CPU without it
        **tuned,
    }


def _measure(job: dict[str, Any], stopwatch: Stopwatch, history: list[dict[str, Any]]) -> dict[str, Any]:
    lengths = [len(row["input_ids"]) for row in job["rows"]]
    tokens = sum(lengths[job["warm_up_steps"] * job["batch_size"] :])
    seconds = stopwatch.moments[-1] - stopwatch.moments[job["warm_up_steps"] - 1]
    if "asked_at" in job:  # the row is about the first loss
        tokens, seconds = 1, stopwatch.moments[0] - job["asked_at"]
    return {
        "per_second": tokens / seconds,
        "outcome": [entry["loss"] for entry in history if "loss" in entry],
        "amount": tokens,
        "seconds": seconds,
        "peak_bytes": _peak_bytes(job["on_gpu"]),
        "versions": {module.__name__: module.__version__ for module in (trl, transformers, peft, torch)},
    }


def _peak_bytes(on_gpu: bool) -> int:
    if on_gpu:
        return torch.cuda.max_memory_reserved()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
