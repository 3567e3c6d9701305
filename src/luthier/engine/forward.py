"""One packed row through the frozen base and its adapter: hidden states, and the loss of its supervised tokens."""

from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from luthier.data.packing import PackedRow
from luthier.domain.recipes import TrainingSettings
from luthier.engine.devices import device_type
from luthier.engine.loss import summed_loss


def products_in(settings: TrainingSettings) -> AbstractContextManager[None]:
    """PEFT's own forward mixes fp32 adapters with a bf16 base, which needs autocast; the fused one does not."""
    mixed = settings.kernels == "reference" and settings.precision != "fp32"
    return torch.autocast(device_type(settings.device), torch.bfloat16, enabled=mixed)


def hidden_states(model: PreTrainedModel, row: PackedRow) -> Tensor:
    """[tokens, width] after the last norm. The model must be inside `packed_attention`."""
    output = model.base_model(
        input_ids=torch.from_numpy(row.ids).unsqueeze(0).to(model.device),
        position_ids=torch.from_numpy(row.position_ids).unsqueeze(0).to(model.device),
        use_cache=False,
        boundaries=tuple(row.boundaries.tolist()),
    )
    return output.last_hidden_state[0]


def row_loss(model: PreTrainedModel, row: PackedRow) -> Tensor:
    """The summed loss of the row's supervised tokens."""
    places = supervised_places(row)
    targets = torch.from_numpy(row.ids)[places].to(model.device)
    softcap = getattr(model.config, "final_logit_softcapping", None)
    return summed_loss(hidden_states(model, row)[places - 1], model.get_output_embeddings(), targets, softcap)


def supervised_places(row: PackedRow) -> Tensor:
    """Where tokens are to be predicted. An example's first token has nothing before it and never is."""
    wanted = row.supervised.copy()
    wanted[row.boundaries[:-1]] = False
    return torch.from_numpy(np.flatnonzero(wanted))
