"""The peer of lora-instruct, in its own environment: TRL's SFTTrainer with its defaults, on given tokens in order."""

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
        self.moments.append(time.perf_counter())


def main(job_file: Path, result_file: Path) -> None:
    job = json.loads(job_file.read_text())
    stopwatch = Stopwatch()
    trainer = trl.SFTTrainer(
        model=job["model"],
        args=_config(job),
        train_dataset=Dataset.from_list(job["rows"]),
        processing_class=transformers.AutoTokenizer.from_pretrained(job["model"]),
        peft_config=peft.LoraConfig(
            task_type="CAUSAL_LM", r=job["rank"], lora_alpha=job["alpha"], target_modules="all-linear"
        ),
        callbacks=[stopwatch],
    )
    trainer.train()
    result_file.write_text(json.dumps(_measure(job, stopwatch, trainer.state.log_history)))


def _config(job: dict[str, Any]) -> trl.SFTConfig:
    """What the work demands (and no saving); everything else is TRL's default."""
    return trl.SFTConfig(
        output_dir="trl",
        per_device_train_batch_size=job["batch_size"],
        max_length=job["max_length"],
        learning_rate=job["learning_rate"],
        completion_only_loss=True,
        train_sampling_strategy="sequential",
        num_train_epochs=1,
        seed=job["seed"],
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=not torch.cuda.is_available(),  # bf16, a default, is refused on a CPU without it
    )


def _measure(job: dict[str, Any], stopwatch: Stopwatch, history: list[dict[str, Any]]) -> dict[str, Any]:
    lengths = [len(row["input_ids"]) for row in job["rows"]]
    tokens = sum(lengths[job["warm_up_steps"] * job["batch_size"] :])
    seconds = stopwatch.moments[-1] - stopwatch.moments[job["warm_up_steps"] - 1]
    return {
        "per_second": tokens / seconds,
        "outcome": [entry["loss"] for entry in history if "loss" in entry],
        "amount": tokens,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "versions": {module.__name__: module.__version__ for module in (trl, transformers, peft, torch)},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
