"""The peer of gguf, in its own environment: PEFT merges, transformers saves, llama.cpp's converter reads and writes."""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from measures import write_measure

_STARTED = time.perf_counter()


def main(base: Path, adapter: Path, result: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = result.with_name("peer.gguf")
    with TemporaryDirectory() as folder:
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
        PeftModel.from_pretrained(model, adapter).merge_and_unload().save_pretrained(folder)
        AutoTokenizer.from_pretrained(base).save_pretrained(folder)
        command = [sys.executable, "-m", "convert_hf_to_gguf", folder, "--outtype", "q8_0", "--outfile", str(out)]
        subprocess.run(command, check=True)
    seconds = time.perf_counter() - _STARTED
    write_measure(result, 1, seconds, _outcome(out), ("peft", "transformers", "convert-hf-to-gguf"))


def _outcome(file: Path) -> list[float]:
    import gguf
    import numpy as np

    tensor = next(each for each in gguf.GGUFReader(file).tensors if each.name == "blk.0.attn_q.weight")
    return [float(np.abs(gguf.quants.dequantize(tensor.data, tensor.tensor_type)).mean())]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
