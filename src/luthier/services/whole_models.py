"""Merges whole models by mergekit, which lives in an environment of its own beside the workspace."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.domain.jobs import Progress
from luthier.domain.merges import How, Joined, MergeRefused, MergeRequest
from luthier.domain.versions import Version
from luthier.kit.files import read_json
from luthier.services.background import OnProgress
from luthier.services.guests import Guests

_METHODS: dict[How, str] = {"linear": "linear", "ties": "ties", "dare": "dare_linear"}
_BESIDE = ("*.json", "*.jinja")  # what a model's folder holds beside its weights


class WholeModels:
    def __init__(self, guests: Guests) -> None:
        self._guests = guests

    def check(self, request: MergeRequest) -> None:
        """Raises GuestMissing, MergeRefused."""
        if request.how not in _METHODS:
            ways = ", ".join(_METHODS)
            raise MergeRefused(reason=f"whole models have no rank that {request.how} could choose; there are {ways}")
        self._guests.require("mergekit")

    def join(
        self, request: MergeRequest, sources: Sequence[Version], folder: Path, log: Path, tell: OnProgress
    ) -> Joined:
        """Writes a model into `folder`. Raises GuestBroke, and GuestRefused for models of different shapes."""

        def attend() -> None:
            tell(Progress(what="merging with mergekit", done=0, total=0))

        wanted = {"config": _config(request, sources), "folder": str(folder), "seed": request.seed}
        attend()
        told = self._guests.converse("mergekit", wanted, log, lambda question: question, attend)
        first = Path(sources[0].adapter_folder)
        for path in (path for pattern in _BESIDE for path in first.glob(pattern)):
            if not (folder / path.name).exists() and not path.name.endswith(".index.json"):
                shutil.copyfile(path, folder / path.name)
        return Joined(rank=None, modules=told["tensors"], kept_share=1.0)


def _config(request: MergeRequest, sources: Sequence[Version]) -> dict[str, Any]:
    """As mergekit's own files say it. What ties and dare prune is what each model changed of the common base."""
    prunes = request.how != "linear"
    density = {"density": request.density} if prunes else {}
    weights = request.weights_of(len(sources))
    said = read_json(Path(sources[0].adapter_folder) / "config.json")
    return {
        "merge_method": _METHODS[request.how],
        "models": [
            {"model": source.adapter_folder, "parameters": {"weight": weight, **density}}
            for source, weight in zip(sources, weights, strict=True)
        ],
        **({"base_model": sources[0].base_folder} if prunes else {}),
        "parameters": {"normalize": request.how == "ties"},
        "dtype": said.get("dtype") or said.get("torch_dtype") or "bfloat16",
    }
