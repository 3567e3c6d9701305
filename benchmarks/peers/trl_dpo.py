"""The peer of dpo, in its own environment: TRL's DPOTrainer on given tokens in order, first step to last."""

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
from trl_sft import lora_config, work_of


class Prepared(trl.DPOTrainer):
    """The examples are tokens already."""

    def _prepare_dataset(self, dataset: Dataset, *_more: Any) -> Dataset:
        return dataset


def main(job_file: Path, result_file: Path) -> None:
    job = json.loads(job_file.read_text())
    trainer = Prepared(
        model=job["model"],
        args=trl.DPOConfig(**work_of(job)),
        train_dataset=Dataset.from_list(job["rows"]),
        processing_class=transformers.AutoTokenizer.from_pretrained(job["model"]),
        peft_config=lora_config(job),
    )
    started = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - started
    tokens = sum(2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"]) for row in job["rows"])
    measure = {
        "per_second": tokens / seconds,
        "outcome": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
        "amount": tokens,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "versions": {module.__name__: module.__version__ for module in (trl, transformers, peft, torch)},
    }
    result_file.write_text(json.dumps(measure))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
