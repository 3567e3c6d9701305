"""The peer of gguf, in its own environment: PEFT merges, transformers saves, llama.cpp's converter reads and writes."""

import json
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

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
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    measure = {
        "per_second": 1 / seconds,
        "amount": 1,
        "seconds": seconds,
        "peak_bytes": max(children, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024,
        "outcome": _outcome(out),
        "versions": {name: version(name) for name in ("peft", "transformers", "convert-hf-to-gguf")},
    }
    result.write_text(json.dumps(measure))


def _outcome(file: Path) -> list[float]:
    import gguf
    import numpy as np

    tensor = next(each for each in gguf.GGUFReader(file).tensors if each.name == "blk.0.attn_q.weight")
    return [float(np.abs(gguf.quants.dequantize(tensor.data, tensor.tensor_type)).mean())]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
