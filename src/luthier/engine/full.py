"""Full fine-tuning: every weight is trained, and the result is a model folder like the one it began with."""

import copy
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, PreTrainedModel

from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.reward_head import NAME as HEAD
from luthier.engine.reward_head import RewardHead
from luthier.engine.trained import Trained
from luthier.kit.files import free_bytes

Value = TypeVar("Value")

_BESIDE_WEIGHTS = (  # what a model folder needs besides its weights and its config
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
)


class WholeModel(Trained):
    """Trains in fp32 values; the model computes with a copy in its own precision, which is also what is saved."""

    folder_name = "model"
    weights_name = "model.safetensors"

    def __init__(
        self,
        model: PreTrainedModel,
        base_folder: Path,
        load: Callable[[], PreTrainedModel],
        head: RewardHead | None = None,
    ) -> None:
        """`load` brings the base as it was, whenever it is needed once more."""
        model.requires_grad_(True)
        named = dict(model.named_parameters())
        if head is not None:  # in the place of the head that predicts tokens
            named = {**_without_language_head(named), f"{HEAD}.weight": head.weight}
        super().__init__(FlatParameters(named, precision=model.dtype), head)
        self._model = model
        self._base_folder = base_folder
        self._load = load

    def add_own_gradient(self) -> None:
        """There is none: the loss is all."""

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """The base is loaded again, because keeping it would cost its memory in every step."""
        base = dict(self._load().named_parameters())
        tuned = {name: parameter.data for name, parameter in self._model.named_parameters()}
        try:
            for name, parameter in self._model.named_parameters():
                parameter.data = base[name].data
            with self.head_as_it_began():
                yield
        finally:
            for name, parameter in self._model.named_parameters():
                parameter.data = tuned[name]

    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        """A folder that plain transformers loads; its README names the base that it was trained from."""
        tensors = self._model.state_dict()
        if self.head is not None:
            tensors = {**_without_language_head(tensors), f"{HEAD}.weight": self.head.weight}
        state = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        size = sum(tensor.nbytes for tensor in state.values())
        if free_bytes(folder) < size:  # the writer of the weights would not say that the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        self._model.save_pretrained(folder, state_dict=state, max_shard_size=2 * size)
        if self.head is not None:
            _say_that_it_scores(self._model, folder)
        for name in _BESIDE_WEIGHTS:
            if (self._base_folder / name).is_file():
                shutil.copy2(self._base_folder / name, folder / name)
        (folder / "README.md").write_text(_CARD.format(name=base_name, revision=base_revision), encoding="utf-8")


def _without_language_head(tensors: dict[str, Value]) -> dict[str, Value]:
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("lm_head.")}


def _say_that_it_scores(model: PreTrainedModel, folder: Path) -> None:
    """In its config: the class that transformers has for one label of a sequence."""
    config = copy.deepcopy(model.config)
    config.num_labels = 1
    config.architectures = [MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)].__name__]
    config.save_pretrained(folder)


_CARD = """---
base_model: {name}
base_model_relation: finetune
library_name: transformers
---

Trained by Luthier from {name}, revision {revision}, with every weight.
"""
