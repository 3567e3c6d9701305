"""Base models: where one starts from, and the facts about it that planning needs."""

from luthier.domain.errors import Action, ModelProblem, NotFound, Unreachable
from luthier.kit.frozen import Frozen


class ModelShape(Frozen):
    """The numbers of a causal decoder that decide memory and time; read from its config.json."""

    architecture: str  # e.g. "LlamaForCausalLM"
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    context_length: int  # tokens
    tied_embeddings: bool
    parameters: int


class BaseModel(Frozen):
    """A base model on this machine, in one folder, ready to be loaded without a network."""

    name: str  # "starter", a hub id, or the folder's path
    folder: str
    source: str  # where it came from, in words a person can check
    revision: str  # content hash of the weights, or the hub's commit
    licence: str
    shape: ModelShape


class BaseModelNotFound(NotFound):
    code = "models.not_found"
    sentence = "There is no base model called {name} on this machine."
    actions = (
        Action(label="Use the built-in starter", command="luthier train --base starter --data FILE"),
        Action(label="Use a folder with config.json, tokenizer.json and *.safetensors", command="luthier train --base PATH --data FILE"),
        Action(label="See the models that are here", command="luthier models list"),
    )


class FolderIsNoModel(ModelProblem):
    code = "models.folder_is_no_model"
    sentence = "{folder} is not a model that Luthier can load: {reason}."
    actions = (Action(label="Give a folder that holds config.json, tokenizer.json and *.safetensors"),)


class ModelRunsCode(ModelProblem):
    code = "models.runs_code"
    sentence = "{folder} asks for Python code of its own to be run ({evidence}), which Luthier does not do."
    actions = (Action(label="Choose a model that transformers supports without remote code"),)


class ModelDamaged(ModelProblem):
    code = "models.damaged"
    sentence = "The model in {folder} is damaged: {reason}."
    actions = (Action(label="Fetch it again", command="luthier models pull {name} --again"),)


class StarterUnreachable(Unreachable):
    code = "models.starter_unreachable"
    sentence = "The starter model could not be fetched: {reason}."
    actions = (
        Action(label="Check the network connection and try again", command="luthier models pull starter"),
        Action(label="Start from a model folder that you have", command="luthier train --base PATH --data FILE"),
    )
