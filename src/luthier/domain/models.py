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
        Action(
            label="Use a folder with config.json, tokenizer.json and *.safetensors",
            command="luthier train --base PATH --data FILE",
        ),
        Action(label="See the models that are here", command="luthier models list"),
        Action(label="If it is private on the hub, say who you are", command="export HF_TOKEN=hf_..."),
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
    actions = (
        Action(label="Fetch it again", command="luthier models pull {name} --again"),
        Action(label="Or remove it", command="luthier models remove {name}"),
    )


class StarterUnreachable(Unreachable):
    code = "models.starter_unreachable"
    sentence = "The starter model could not be fetched: {reason}."
    actions = (
        Action(label="Check the network connection and try again", command="luthier models pull starter"),
        Action(label="Start from a model folder that you have", command="luthier train --base PATH --data FILE"),
    )


class TemplateMissing(ModelProblem):
    code = "models.template_missing"
    sentence = "The base model in {folder} has no chat template, so it cannot be taught conversations."
    actions = (
        Action(label="Start from an instruct model, which has one", command="luthier train --base starter --data FILE"),
        Action(label="Train on plain text instead", command="luthier train --base PATH --data FILE --method cpt"),
    )


class TemplateBroken(ModelProblem):
    code = "models.template_broken"
    sentence = "The chat template in {folder} cannot be read: {reason}."
    actions = (Action(label="Fetch the model again, or mend its chat template"),)


class TemplateRefused(ModelProblem):
    code = "models.template_refused"
    sentence = "The base model's chat template does not accept {what}: {reason}."
    actions = (
        Action(label="Bring the turns into the order that the model expects: user, assistant, user, assistant"),
        Action(label="Choose a base model whose chat template accepts such examples"),
    )


class BaseUnsupported(ModelProblem):
    code = "models.unsupported"
    sentence = "Luthier cannot train this base model yet: {what}."
    actions = (
        Action(label="Choose a Llama, Mistral or Qwen model"),
        Action(label="Use the built-in starter", command="luthier train --base starter --data FILE"),
    )


class QuantisationMissing(ModelProblem):
    code = "models.quantisation_missing"
    sentence = "A base model in four bits needs bitsandbytes, which is not installed."
    actions = (
        Action(label="Install it", command="pip install 'luthier[quant]'"),
        Action(label="Or keep the base in 16 bits", command="luthier train --data FILE --set precision=bf16"),
    )


class ModelUnreachable(Unreachable):
    code = "models.unreachable"
    sentence = "The model {name} could not be fetched: {reason}."
    actions = (
        Action(label="Check the network connection and try again", command="luthier models pull {name}"),
        Action(label="Start from a model folder that you have", command="luthier train --base PATH --data FILE"),
    )
