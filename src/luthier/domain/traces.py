"""What one layer of a base model was seen to keep in memory while it was trained: the facts behind an estimate."""

from typing import Literal

from luthier.domain.errors import Action, WorkFailed
from luthier.kit.frozen import Frozen

Trained = Literal["adapter", "everything"]


class LayerTrace(Frozen):
    """One way of computing a layer. What passes exists in one layer at a time; what is kept exists in all."""

    kernels: Literal["fused", "reference"]
    precision: Literal["bf16", "fp32"]
    trained: Trained
    fixed_bytes_per_token: float  # kept from forward until backward, however long the example
    bytes_per_token_and_place: float  # kept for each token that a token attends to
    places_kept_up_to: int  # tokens of an example; attention of a longer one is computed again
    passing_fixed_bytes: float  # e.g. the gradient of one layer's weights, before it is gathered
    passing_bytes_per_token: float
    passing_bytes_per_pair: float  # of tokens of the longest example: its attention scores

    def kept_bytes_per_token(self, example_tokens: int) -> float:
        attention = self.bytes_per_token_and_place * example_tokens
        return self.fixed_bytes_per_token + (attention if example_tokens <= self.places_kept_up_to else 0.0)


class ModelTrace(Frozen):
    """Of one revision of a base, with one version of the engine."""

    revision: str
    versions: dict[str, str]  # of what computed it: luthier, torch, transformers, peft
    linear_weights: int  # in the linear layers of all blocks: what can be quantised and gets an adapter
    table_weights: int  # embeddings and head, a tied one counted once
    other_weights: int  # norms and biases
    layers: tuple[LayerTrace, ...]

    def layer(self, kernels: str, precision: str, trained: Trained) -> LayerTrace | None:
        wanted = (kernels, precision, trained)
        return next((each for each in self.layers if (each.kernels, each.precision, each.trained) == wanted), None)


class TracingFailed(WorkFailed):
    code = "plans.tracing_failed"
    sentence = "What the base model in {folder} keeps in memory could not be traced."
    actions = (Action(label="Plan without it; the range is wider then", command="luthier plans make --data FILE"),)
