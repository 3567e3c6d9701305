"""Several low-rank adapters of one base as one: their changes are added, pruned or drawn, and factored again.

What is combined are the changes of the weights, s B A, and not A and B each for itself: sums of factors hold products
of one adapter's A with another's B, so that two halves of one adapter would not be that adapter.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from luthier.domain.merges import AdaptersDoNotFit, Joined, MergeJob, MergeRequest, MergeSource
from luthier.export.merging import LoraChange, lora_changes
from luthier.export.plain_tensors import write_tensors
from luthier.export.tensors import Rows
from luthier.kit.files import read_json, write_json

OnModule = Callable[[int, int], None]


class Factors(NamedTuple):
    """B A, with B carrying the size."""

    a: Rows
    b: Rows
    kept_share: float


def join(job: MergeJob, folder: Path, tell: OnModule) -> Joined:
    """Writes an adapter in PEFT's format into `folder`. Raises AdaptersDoNotFit, MergeRefused."""
    weights = job.request.weights_of(len(job.sources))
    read = [_read(source) for source in job.sources]
    modules = sorted({module for changes in read for module in changes})
    rank = _rank(job.request, read)
    tensors: dict[str, Rows] = {}
    shares, chance = [], np.random.default_rng(job.request.seed)
    for done, module in enumerate(modules):
        tell(done, len(modules))
        present = [
            (changes[module], weight) for changes, weight in zip(read, weights, strict=True) if module in changes
        ]
        _refuse_shapes(module, [change for change, _ in present], job.sources[0])
        found = combined(job.request, [each for each, _ in present], [weight for _, weight in present], rank, chance)
        tensors[f"base_model.model.{module}.lora_A.weight"] = _padded(found.a, rank, 0)
        tensors[f"base_model.model.{module}.lora_B.weight"] = _padded(found.b, rank, 1)
        shares.append(found.kept_share)
    write_tensors(tensors, folder / "adapter_model.safetensors")
    write_json(folder / "adapter_config.json", _config(job, rank))
    notes = tuple(_partial(job.sources, read, modules))
    return Joined(rank=rank, modules=len(modules), kept_share=float(np.mean(shares)), notes=notes)


def combined(
    request: MergeRequest,
    changes: Sequence[LoraChange],
    weights: Sequence[float],
    rank: int,
    chance: np.random.Generator,
) -> Factors:
    """Of one module."""
    match request.how:
        case "linear" | "svd":
            a = np.concatenate([change.a for change in changes])
            b = np.concatenate(
                [change.b * np.float32(change.scale * weight) for change, weight in zip(changes, weights, strict=True)],
                axis=1,
            )
            return Factors(a, b, 1.0) if len(a) <= rank else truncated(a, b, rank)
        case "ties":
            return _factored(_ties([_delta(change) for change in changes], weights, request.density), rank)
        case "dare":
            drawn = [_drawn(_delta(change), request.density, chance) for change in changes]
            total = sum(delta * np.float32(weight) for delta, weight in zip(drawn, weights, strict=True))
            return _factored(np.asarray(total), rank)


def truncated(a: Rows, b: Rows, rank: int) -> Factors:
    """The nearest of that rank, without ever building the product."""
    left, small_b = np.linalg.qr(b)
    right, small_a = np.linalg.qr(a.T)
    u, sizes, v = np.linalg.svd(small_b @ small_a.T)
    count = min(rank, len(sizes))
    return Factors((right @ v[:count].T).T, left @ (u[:, :count] * sizes[:count]), _share(sizes, count))


def _factored(delta: Rows, rank: int) -> Factors:
    u, sizes, v = np.linalg.svd(delta, full_matrices=False)
    count = min(rank, len(sizes))
    return Factors(v[:count], u[:, :count] * sizes[:count], _share(sizes, count))


def _share(sizes: Rows, count: int) -> float:
    total = float(np.sum(np.square(sizes, dtype=np.float64)))
    return float(np.sum(np.square(sizes[:count], dtype=np.float64))) / total if total else 1.0


def _delta(change: LoraChange) -> Rows:
    return np.asarray(change.b * np.float32(change.scale) @ change.a)


def _ties(deltas: Sequence[Rows], weights: Sequence[float], density: float) -> Rows:
    """Trim, elect signs, merge (arXiv 2306.01708), in the order in which PEFT does it."""
    trimmed = np.stack([_trimmed(delta, density) for delta in deltas])
    agrees = np.sign(trimmed) == np.where(trimmed.sum(0) >= 0, 1, -1)
    weighed = trimmed * np.asarray(weights, np.float32)[:, None, None]
    return np.asarray((weighed * agrees).sum(0) / np.maximum(agrees.sum(0), 1), np.float32)


def _trimmed(delta: Rows, density: float) -> Rows:
    """The largest share of it; the rest is 0."""
    count = int(density * delta.size)
    if count >= delta.size:
        return delta
    kept = np.zeros(delta.size, bool)
    kept[np.argpartition(-np.abs(delta).reshape(-1), max(0, count - 1))[:count]] = True
    return np.where(kept.reshape(delta.shape), delta, np.float32(0))


def _drawn(delta: Rows, density: float, chance: np.random.Generator) -> Rows:
    """Each change stays with the chance `density`, and is made as much larger (arXiv 2311.03099)."""
    return np.where(chance.random(delta.shape) < density, delta / np.float32(density), np.float32(0))


def _read(source: MergeSource) -> dict[str, LoraChange]:
    return lora_changes(Path(source.folder), source.label)


def _rank(request: MergeRequest, read: Sequence[dict[str, LoraChange]]) -> int:
    ranks = [max(len(change.a) for change in changes.values()) for changes in read]
    return request.rank or (sum(ranks) if request.how == "linear" else max(ranks))


def _refuse_shapes(module: str, changes: Sequence[LoraChange], first: MergeSource) -> None:
    if len({(change.a.shape[1], change.b.shape[0]) for change in changes}) > 1:
        raise AdaptersDoNotFit(version=first.label, reason=f"{module} has not the same shape in all of them")


def _padded(factor: Rows, rank: int, axis: int) -> Rows:
    missing = rank - factor.shape[axis]
    widths = [(0, missing if each == axis else 0) for each in (0, 1)]
    return np.pad(factor, widths).astype(np.float32)


def _config(job: MergeJob, rank: int) -> dict[str, Any]:
    """PEFT's of the first one, with a scale of 1 and the modules of all."""
    configs = [read_json(Path(source.folder) / "adapter_config.json") for source in job.sources]
    targets = sorted({target for config in configs for target in config["target_modules"]})
    plain = {"lora_alpha": rank, "use_rslora": False, "init_lora_weights": True, "lora_dropout": 0.0}
    return {**configs[0], **plain, "r": rank, "target_modules": targets}


def _partial(
    sources: Sequence[MergeSource], read: Sequence[dict[str, LoraChange]], modules: Sequence[str]
) -> list[str]:
    lacking = [(source.label, len(modules) - len(changes)) for source, changes in zip(sources, read, strict=True)]
    return [f"{label} does not change {count} of the {len(modules)} layers." for label, count in lacking if count]
