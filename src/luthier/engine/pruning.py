"""Leaves out the layers of a tuned model that change least, so that its file can be as small as was asked."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from luthier.domain.exports import ExportJob, ExportUnsupported, Pruned
from luthier.domain.parity import Question, perplexity
from luthier.engine.parity import Tell, ask_tuned
from luthier.export.pruning import layers_to_go, write_without


def prune(job: ExportJob, folder: Path, tell: Tell) -> Pruned:
    """Writes the smaller model into `folder`. Raises ExportTooSmall, and ExportUnsupported where layers differ."""
    asked = ask_tuned(job, tell)
    model = asked.base.loaded.model
    if len(set(getattr(model.config, "layer_types", None) or ())) > 1:
        raise ExportUnsupported(what="its layers see the text in several ways by turns, so none can be left out")
    tell("measuring what each layer changes", 0, 0)
    gone = layers_to_go(job, influence_of_layers(model, asked.questions))
    before = perplexity(asked.measured())
    layers = model.base_model.layers
    model.base_model.layers = nn.ModuleList(layer for at, layer in enumerate(layers) if at not in gone)
    after = perplexity(asked.measured())
    write_without(job, gone, folder, lambda done, total: tell("writing the smaller model", done, total))
    return Pruned(layers=tuple(layer + 1 for layer in gone), of=len(layers), tuned_perplexity=before, perplexity=after)


@torch.no_grad()
def influence_of_layers(model: PreTrainedModel, questions: Sequence[Question]) -> list[float]:
    """How far each layer turns a token's state: 1 minus the cosine between before and after, mean over all tokens.

    The block influence of Men et al., "ShortGPT: Layers in Large Language Models are More Redundant Than You Expect"
    (arXiv:2403.03853), equation 1.
    """
    layers: Sequence[nn.Module] = list(model.base_model.layers)
    turned = [0.0] * len(layers)
    tokens = 0

    def watch(at: int) -> torch.utils.hooks.RemovableHandle:
        def compare(_: nn.Module, before: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
            after = output if isinstance(output, Tensor) else output[0]
            cosines = torch.cosine_similarity(before[0].float(), after.float(), dim=-1)
            turned[at] += float((1 - cosines).sum())

        return layers[at].register_forward_hook(compare)

    watching = [watch(at) for at in range(len(layers))]
    for question in questions:
        ids = (*question.ids, *question.target_ids)
        tokens += len(ids)
        model(input_ids=torch.tensor([list(ids)]), use_cache=False)
    for each in watching:
        each.remove()
    return [sum_of_turns / tokens for sum_of_turns in turned]
