"""The kinds of training that the engine's tests go through, by a short name."""

from typing import Any

from luthier.domain.adapters import (
    AdaLoraSettings,
    AdapterSettings,
    DoraSettings,
    FullSettings,
    Ia3Settings,
    LoraSettings,
    VeraSettings,
)

ADAPTERS: dict[str, AdapterSettings] = {
    "lora": LoraSettings(rank=4, alpha=8),
    "rslora": LoraSettings(rank=4, alpha=8, scaling="rslora"),
    "pissa": LoraSettings(rank=4, alpha=8, init="pissa"),
    "olora": LoraSettings(rank=4, alpha=8, init="olora", scaling="rslora"),
    "eva": LoraSettings(rank=4, alpha=8, init="eva"),
    "lora+": LoraSettings(rank=4, alpha=8, b_rate_ratio=16),
    "dora": DoraSettings(kind="dora", rank=4, alpha=8, dropout=0.1),
    "adalora": AdaLoraSettings(kind="adalora", rank=4, first_rank=6, alpha=12),
    "vera": VeraSettings(kind="vera", rank=8),
    "ia3": Ia3Settings(kind="ia3"),
}
FULL = FullSettings(kind="full")
ONLY_REFERENCE = frozenset({"adalora", "vera", "ia3"})


def job_for(name: str, **changes: Any) -> dict[str, Any]:
    """What `bench_for` needs to train this kind, on the kernels that a plan would choose."""
    kernels = "reference" if name in ONLY_REFERENCE or changes.get("precision") == "nf4" else "fused"
    return {"adapter": FULL if name == "full" else ADAPTERS[name], "kernels": kernels, **changes}
