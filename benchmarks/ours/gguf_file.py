"""Our side of gguf: one pass over the mapped weights, in a process as an export starts it."""

import sys
import time
from pathlib import Path

from benchmarks.peers.measures import write_measure

_STARTED = time.perf_counter()


def main(base: Path, adapter: Path, result: Path) -> None:

    from luthier.export.facts import tensor_types
    from luthier.export.gguf_model import About, GgufModel
    from luthier.export.merging import merged

    out = result.with_name("ours.gguf")
    model = GgufModel(base, merged(base, adapter), About("starter", "Apache-2.0", "starter", None))
    model.write(out, model.types("Q8_0"), tensor_types().kind("Q8_0").file_type, 2, lambda done, total: None)
    seconds = time.perf_counter() - _STARTED
    write_measure(result, 1, seconds, _outcome(out), ("luthier", "numpy"))


def _outcome(file: Path) -> list[float]:
    """The mean size of the weights of the first layer's query matrix, as the file holds them."""
    import gguf
    import numpy as np

    tensor = next(each for each in gguf.GGUFReader(file).tensors if each.name == "blk.0.attn_q.weight")
    return [float(np.abs(gguf.quants.dequantize(tensor.data, tensor.tensor_type)).mean())]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
