"""Peer of row planner: what accelerate's `estimate-memory` says of training a model folder with Adam in bf16."""

import json
import sys
from pathlib import Path

import accelerate
import torch
from accelerate.commands.estimate import estimate_training_usage
from accelerate.utils import calculate_maximum_sizes
from transformers import AutoConfig, AutoModelForCausalLM


def main(folder: str, result: str) -> None:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    total, _ = calculate_maximum_sizes(model)
    usage = estimate_training_usage(total, "bfloat16")
    measure = {
        "per_second": 0,
        "amount": max(usage.values()),
        "seconds": 0,
        "peak_bytes": 0,
        "outcome": [],
        "versions": {"accelerate": accelerate.__version__},
    }
    Path(result).write_text(json.dumps(measure))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
