"""What is trained: the kind of adapter and every number of it, each with its reason."""

from typing import TypeVar

from luthier.domain.adapters import AdaLoraSettings, AdapterSettings, DoraSettings, LoraSettings, Targets, VeraSettings
from luthier.planning.decisions import Ledger

LowRank = TypeVar("LowRank", LoraSettings, DoraSettings)

_WHY_KIND = {
    "lora": "Low-rank adapters train less than 5 % of the weights.",
    "dora": "Learns lengths and directions of the weights apart, in about twice the time of LoRA.",
    "adalora": "Ranks go to the layers that need them, while it trains.",
    "vera": "The smallest adapter: two vectors for each layer around matrices that are not trained.",
    "ia3": "One factor for each feature: the fewest values of all.",
    "full": "Every weight learns; the result is a model of its own.",
}

_WHY_MOVING = {
    "orthogonality": "Enough to keep directions apart, so that each can be judged alone.",
    "smoothing": "The paper's value: one odd batch decides about no rank.",
    "spread_share": "No rank is judged before it could learn something.",
    "settled_share": "The ranks that are left need time to learn in peace.",
}


def settle_adapter(adapter: AdapterSettings, ledger: Ledger) -> AdapterSettings:
    ledger.settle("adapter.kind", adapter.kind, _WHY_KIND[adapter.kind], "default")
    match adapter:
        case LoraSettings():
            return _settle_start(_settle_low_rank(adapter, ledger), ledger)
        case DoraSettings():
            return _settle_low_rank(adapter, ledger)
        case AdaLoraSettings():
            return _settle_moving_ranks(adapter, ledger)
        case VeraSettings():
            reason = "The matrices are random and cost nothing to learn, so they can be large."
            rank = ledger.settle("adapter.rank", adapter.rank, reason, "default")
            dropout = _settle_places(adapter.dropout, adapter.targets, ledger)
            return adapter.model_copy(update={"rank": rank, "dropout": dropout})
        case _:
            return adapter


def _settle_low_rank(adapter: LowRank, ledger: Ledger) -> LowRank:
    reason = "Enough for a task; a higher rank pays off only with very many examples."
    rank = ledger.settle("adapter.rank", adapter.rank, reason, "default")
    reason = "Twice the rank: the learning rate keeps its meaning whatever the rank."
    alpha = ledger.settle("adapter.alpha", float(2 * rank), reason, "default")
    dropout = _settle_places(adapter.dropout, adapter.targets, ledger)
    return adapter.model_copy(update={"rank": rank, "alpha": alpha, "dropout": dropout})


def _settle_moving_ranks(adapter: AdaLoraSettings, ledger: Ledger) -> AdaLoraSettings:
    reason = "On average: layers that need more take it from those that need less."
    rank = ledger.settle("adapter.rank", adapter.rank, reason, "default")
    reason = "Half as many again to choose from, as in the paper."
    first = ledger.settle("adapter.first_rank", max(rank, round(1.5 * rank)), reason, "default")
    reason = "Twice the first rank: the learning rate keeps its meaning whatever the rank."
    alpha = ledger.settle("adapter.alpha", float(2 * first), reason, "default")
    dropout = _settle_places(adapter.dropout, adapter.targets, ledger)
    for name, why in _WHY_MOVING.items():
        ledger.settle(f"adapter.{name}", getattr(adapter, name), why, "default")
    return adapter.model_copy(update={"rank": rank, "first_rank": first, "alpha": alpha, "dropout": dropout})


def _settle_places(dropout: float, targets: Targets, ledger: Ledger) -> float:
    dropout = ledger.settle("adapter.dropout", dropout, "Few passes over the data do not need it.", "default")
    names = targets if isinstance(targets, str) else ", ".join(targets)
    ledger.settle("adapter.targets", names, "Every linear layer: attention alone learns less.", "default")
    return dropout


def _settle_start(adapter: LoraSettings, ledger: Ledger) -> LoraSettings:
    ledger.settle("adapter.scaling", adapter.scaling, "At this rank both scalings train alike.", "default")
    ledger.settle("adapter.init", adapter.init, "The adapter begins as nothing, and the base as it is.", "default")
    reason = "Both factors learn at the same rate."
    ledger.settle("adapter.b_rate_ratio", adapter.b_rate_ratio, reason, "default")
    return adapter
