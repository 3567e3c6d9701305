"""EVA: A begins at the directions that its layer's inputs hold most of (Paischer et al. 2024, arXiv 2410.07170).

B begins at zero, so the adapter begins as the base. The paper's incremental singular value decomposition keeps a few
directions for each layer and never a matrix as wide as the layer is. Ranks stay equal everywhere (its rho = 1).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from luthier.data.encode import EncodedSet
from luthier.data.packing import micro_batches
from luthier.domain.recipes import TrainingSettings
from luthier.engine.adapters import Adapter
from luthier.engine.channel import Channel
from luthier.engine.forward import hidden_states, products_in
from luthier.engine.loading import LoadedBase
from luthier.engine.packed_attention import packed_attention

_EXAMPLES = 64  # read, at even distances
_TOKENS = 256  # of each pass that are looked at, at even distances: more cost time and change the directions little
_MORE = 16  # directions beyond the rank that are carried along


class Directions:
    """The strongest right singular vectors of rows that come in parts (Ross et al. 2008, without its mean)."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._scaled: Tensor | None = None  # [directions, in], each as long as its singular value

    def see(self, rows: Tensor) -> None:
        rows = rows.float()
        seen = rows if self._scaled is None else torch.cat([self._scaled, rows])
        values, left = torch.linalg.eigh(seen @ seen.t())  # the smaller of the two products; ascending
        strongest = values.clamp(min=0).argsort(descending=True)[: self._wanted + _MORE]
        self._scaled = left[:, strongest].t() @ seen

    def of_length_one(self) -> Tensor:
        """[wanted, in], strongest first; what was never seen is zero."""
        assert self._scaled is not None, "there is no direction before anything was seen"
        chosen = self._scaled[: self._wanted]
        lengths = chosen.norm(dim=1, keepdim=True)
        found = torch.where(lengths > 1e-6 * lengths.max(), chosen / lengths.clamp(min=1e-30), 0.0)
        return nn.functional.pad(found, (0, 0, 0, self._wanted - len(found)))


@torch.no_grad()
def begin_at_inputs(
    base: LoadedBase, adapter: Adapter, rank: int, data: EncodedSet, settings: TrainingSettings, channel: Channel
) -> None:
    """Sets A of every layer. Raises Interrupted between two passes."""
    layers = adapter.lora_layers()
    directions = {name: Directions(rank) for name in layers}
    every = range(0, len(data), -(-len(data) // _EXAMPLES))
    groups = micro_batches([int(data.lengths[index]) for index in every], settings.micro_batch_tokens)
    what = "reading examples to begin with"
    with packed_attention(base.model), products_in(settings), adapter.disabled(), _watched(layers, directions):
        for done, group in enumerate(groups):
            channel.obey()
            channel.progress(what, done, len(groups))
            hidden_states(base.model, data.packed([every[place] for place in group]))
    channel.progress(what, len(groups), len(groups))
    values = adapter.parameters.views(adapter.parameters.values)
    for name, found in directions.items():
        values[f"{name}.lora_A.default.weight"].copy_(found.of_length_one())
    adapter.refresh()


@contextmanager
def _watched(layers: dict[str, LoraLayer], directions: dict[str, Directions]) -> Iterator[None]:
    """Within, each layer shows its inputs."""

    def show(to: Directions) -> object:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            rows = inputs[0].reshape(-1, inputs[0].shape[-1])
            to.see(rows[:: -(-len(rows) // _TOKENS)])

        return hook

    with ExitStack() as stack:
        for name, layer in layers.items():
            assert isinstance(layer, nn.Module), "the layers of LoRA are modules"
            stack.callback(layer.register_forward_pre_hook(show(directions[name])).remove)
        yield
