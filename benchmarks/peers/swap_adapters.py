"""The peer of swap, in its own environment: PEFT loads each adapter from its folder when it is wanted."""

import sys
import time
from pathlib import Path

import torch
from measures import write_measure
from peft import PeftModel
from transformers import AutoModelForCausalLM

PROMPT = list(range(100, 116))


def main(base_folder: Path, swaps: int, adapters: list[str], result: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.bfloat16, local_files_only=True)
    model = PeftModel.from_pretrained(base, adapters[-1], adapter_name="before").eval()
    seconds, outcome, active = 0.0, [], "before"
    for number in range(swaps):
        started = time.perf_counter()
        model.load_adapter(adapters[number % len(adapters)], adapter_name=f"swap{number}")
        model.set_adapter(f"swap{number}")
        seconds += time.perf_counter() - started
        model.delete_adapter(active)
        active = f"swap{number}"
        with torch.no_grad():
            outcome.append(float(model(input_ids=torch.tensor([PROMPT])).logits[0, -1].float().mean()))
    write_measure(result, swaps, seconds, outcome, ("peft", "torch", "transformers"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:-1], Path(sys.argv[-1]))
