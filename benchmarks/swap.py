"""Row swap: another adapter on a base that is in memory, ready for the next token; peer: PEFT's load_adapter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import luthier
from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row

ADAPTERS = 2


@contextmanager
def open_bench(swaps: int, data: Path) -> Iterator[Bench]:
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        place = Path(folder)
        base = workspace.models.get("starter").folder
        adapters = [_an_adapter(Path(base), place / f"adapter{number}", number) for number in range(ADAPTERS)]
        arguments = (base, str(swaps), *adapters)
        yield Bench(
            lambda: ours("swap_adapters.py", *arguments, place=place),
            lambda: peer("swap_adapters.py", *arguments, place=place),
        )


def _an_adapter(base: Path, folder: Path, seed: int) -> str:
    """LoRA r=16 on every linear layer, with weights that change what the base says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    config = LoraConfig(
        r=16, lora_alpha=16, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    get_peft_model(model, config).save_pretrained(folder)
    return str(folder)


ROW = Row(name="swap", unit="swaps/s", target=50, gate=0.05, size=40, smoke_size=4, open=open_bench)
