"""GGUF files on this machine: what is in one, and whether it can be trained on or only be asked."""

from luthier.domain.errors import Action, ModelProblem, NotAllowedNow
from luthier.domain.models import ModelShape
from luthier.kit.frozen import Frozen


class GgufFile(Frozen):
    """What its header says; its weights are not read."""

    name: str  # of the file, by which it is asked and trained on
    path: str
    size_bytes: int
    title: str = ""  # what its maker called the model
    family: str = ""  # as llama.cpp calls it
    quantisation: str = ""  # e.g. Q4_K_M
    licence: str = "not stated"
    parameters: int = 0
    shape: ModelShape | None = None  # None where its family is not one that is trained here
    only_asked: str = ""  # why it cannot be trained on, in a few words; empty: it can, once it was turned into 16 bits
    damage: str = ""  # why it cannot be read at all, in a few words

    @property
    def is_trainable(self) -> bool:
        return self.shape is not None and not self.only_asked and not self.damage


class GgufNotTrainable(ModelProblem):
    code = "models.gguf_not_trainable"
    sentence = "{file} cannot be trained on: {reason}."
    actions = (
        Action(label="Train on the original in safetensors", command="luthier models search TEXT --hub"),
        Action(label="See what can be done with the files here", command="luthier models search --here"),
    )


class GgufElsewhere(ModelProblem):
    code = "models.gguf_elsewhere"
    sentence = "{file} is a GGUF file outside of the workspace."
    actions = (
        Action(label="Lay it, or a link to it, into {folder}", command="ln -s {file} {folder}/"),
        Action(label="Then name it", command="luthier train --base {name} --data FILE"),
    )


class GgufChanged(NotAllowedNow):
    code = "models.gguf_changed"
    sentence = "{file} is another file than the one whose weights were turned into 16 bits before."
    actions = (
        Action(label="Give the new file another name, and keep both"),
        Action(label="Or remove what was made of the old one", command="luthier models remove {file}"),
    )
