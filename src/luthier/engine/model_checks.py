"""The preflight checks that need the model itself: its untrained tokens, and whether packing changes what it learns."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from luthier.data.encode import EncodedSet
from luthier.data.packing import PackedRow, pack
from luthier.domain.errors import Action
from luthier.domain.findings import Finding, Level
from luthier.domain.preflight import CheckRun
from luthier.engine.channel import Channel
from luthier.engine.forward import hidden_states, row_loss, supervised_places
from luthier.engine.loading import LoadedBase
from luthier.engine.memory_use import freed_at_once
from luthier.engine.packed_attention import packed_attention, written_out_attention

_UNTRAINED_SHARE = 1e-3  # of the median length of an embedding; reserved tokens are zero or nearly so
_MOST_TOKENS = 512  # of one example, so that the checks take a second
_LOSS_TOLERANCE = 0.01
_LEAK_TOLERANCE = 1e-3

_QUESTIONS = {
    "preflight.accumulation_unequal": "Does a batch give the same loss whole and in parts?",
    "preflight.samples_leak": "Are examples that share a row invisible to each other?",
    "preflight.loss_differs": "Does the engine compute the loss that transformers computes?",
}

LossOf = Callable[[PackedRow], float]
HiddenOf = Callable[[PackedRow], Tensor]


@torch.no_grad()
def untrained_ids(model: PreTrainedModel) -> set[int]:
    """Tokens whose embedding has never moved from (nearly) zero: training on them gives noise or NaN."""
    with freed_at_once():
        lengths = torch.cat([part.float().norm(dim=1) for part in model.get_input_embeddings().weight.split(8192)])
    return set((lengths < _UNTRAINED_SHARE * lengths.median()).nonzero().flatten().tolist())


@torch.no_grad()
def check_model(base: LoadedBase, train: EncodedSet, channel: Channel) -> tuple[list[CheckRun], list[Finding]]:
    """Runs two examples through the model in several ways that must agree. Raises Interrupted on a wish."""

    def loss_of(row: PackedRow) -> float:
        channel.obey()
        channel.busy += 1
        return row_loss(base.model, row).item()

    examples = _short_and_typical(train)
    with freed_at_once(), packed_attention(base.model):
        ours = sum(loss_of(example) for example in examples)
        findings = {
            "preflight.accumulation_unequal": check_accumulation(loss_of, examples),
            "preflight.samples_leak": check_isolation(lambda row: hidden_states(base.model, row), examples),
        }
    channel.obey()
    with freed_at_once(), written_out_attention(base.model):  # its logits are larger than those of training
        plain = sum(_plain_loss(base.model, row) for row in examples)
    findings["preflight.loss_differs"] = check_same_loss(ours, plain)
    checks = [
        CheckRun(code=code, question=_QUESTIONS[code], examined=len(examples), found=0 if finding is None else 1)
        for code, finding in findings.items()
    ]
    return checks, [finding for finding in findings.values() if finding is not None]


def check_accumulation(loss_of: LossOf, examples: list[PackedRow]) -> Finding | None:
    """Silent killer: gradient accumulation that weighs short examples more than long ones."""
    whole, parts = loss_of(_joined(examples)), sum(loss_of(example) for example in examples)
    if _agree(whole, parts):
        return None
    return _error(
        "preflight.accumulation_unequal",
        f"The same examples give a loss of {parts:.4f} one by one and {whole:.4f} together, so the result would "
        "depend on how a batch is cut.",
    )


def check_isolation(hidden_of: HiddenOf, examples: list[PackedRow]) -> Finding | None:
    """Silent killer: a packed example that attends to its neighbour. Changing one must not move the other."""
    if len(examples) < 2:
        return None
    first, second = examples[:2]
    changed = PackedRow(first.ids[::-1].copy(), first.position_ids, first.boundaries, first.supervised)
    start = len(first.ids)
    before, after = hidden_of(_joined([first, second]))[start:], hidden_of(_joined([changed, second]))[start:]
    moved = float((before - after).abs().max() / before.abs().max())
    if moved <= _LEAK_TOLERANCE:
        return None
    return _error(
        "preflight.samples_leak",
        f"Examples that share a row see each other: changing one moved the other by {100 * moved:.1f} %.",
    )


def check_same_loss(ours: float, plain: float) -> Finding | None:
    """Catches everything that a model does beside its layers and that the engine does not know of."""
    if _agree(ours, plain):
        return None
    return _error(
        "preflight.loss_differs",
        f"Luthier computes a loss of {ours:.4f} where transformers computes {plain:.4f}, so it does not know "
        "everything that this base model does.",
    )


def _agree(one: float, other: float) -> bool:
    return abs(one - other) <= _LOSS_TOLERANCE * max(abs(one), abs(other))


def _error(code: str, sentence: str) -> Finding:
    return Finding(
        code=code,
        level=Level.ERROR,
        sentence=sentence,
        actions=(
            Action(label="Choose a Llama, Mistral or Qwen model as the base"),
            Action(label="Report it: training would go wrong without an error"),
        ),
    )


def _short_and_typical(train: EncodedSet) -> list[PackedRow]:
    """Two examples of different length, where there are two."""
    order = np.argsort(train.lengths, kind="stable")
    chosen = dict.fromkeys((int(order[0]), int(order[len(order) // 2])))
    return [pack([train.ids_of(index)[:_MOST_TOKENS]], [train.supervised_of(index)[:_MOST_TOKENS]]) for index in chosen]


def _joined(rows: list[PackedRow]) -> PackedRow:
    return pack([row.ids.astype(np.uint32) for row in rows], [row.supervised for row in rows])


def _plain_loss(model: PreTrainedModel, row: PackedRow) -> float:
    """By transformers alone: its attention, its head, one example, all logits."""
    ids, places = torch.from_numpy(row.ids), supervised_places(row)
    logits = model(input_ids=ids.unsqueeze(0).to(model.device), use_cache=False).logits[0, places - 1].float()
    return float(torch.nn.functional.cross_entropy(logits, ids[places].to(model.device), reduction="sum"))
