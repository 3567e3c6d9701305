"""The peer of checkpoint, in its own environment: transformers' Trainer, which TRL's trainers save with."""

import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import torch
from measures import write_measure
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments


class Timing(TrainerCallback):
    """A save begins where a step has ended, and ends where the trainer says so."""

    def __init__(self) -> None:
        self.seconds, self.saves, self._ended = 0.0, 0, 0.0

    def on_step_end(self, args, state, control, **more):
        self._ended = time.perf_counter()

    def on_save(self, args, state, control, **more):
        self.seconds += time.perf_counter() - self._ended
        self.saves += 1


def main(base_folder: Path, saves: int, result: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.bfloat16, local_files_only=True)
    model = get_peft_model(base, LoraConfig(r=16, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    row = {"input_ids": list(range(100, 116)), "labels": list(range(100, 116)), "attention_mask": [1] * 16}
    arguments = TrainingArguments(
        output_dir=mkdtemp(dir=result.parent),
        max_steps=10 * saves,
        per_device_train_batch_size=1,
        save_steps=10,
        save_total_limit=2,
        logging_strategy="no",
        report_to=[],
    )
    timing = Timing()
    Trainer(model=model, args=arguments, train_dataset=[row] * 10, callbacks=[timing]).train()
    write_measure(result, timing.saves, timing.seconds, [timing.saves], ("peft", "torch", "transformers"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
