"""The models that the chat process holds: as many as its memory takes, the ones that are not asked given up first."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from luthier.domain.chat import ChatLimits, ChatTarget, ModelLeavesNoRoom, Precision
from luthier.domain.machine import Device
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.devices import torch_device
from luthier.engine.gguf_chat import GgufModel, gguf_bytes
from luthier.engine.loading import load_base
from luthier.kit.clock import Clock
from luthier.kit.units import show_bytes

_BYTES_PER_ELEMENT: dict[Precision, float] = {"bf16": 2.0, "fp32": 4.0, "nf4": 0.53}
_KEPT_WHOLE = ("embed", "lm_head", "norm")  # parts of names of what stays in bf16 when the rest takes four bits

Model = AdaptedBase | GgufModel


@dataclass(eq=False)
class _Held:
    base: Model
    bytes: float
    used_at: float


class ChatModels:
    def __init__(self, limits: ChatLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._held: dict[tuple[str, str], _Held] = {}

    def get(self, target: ChatTarget, busy: Collection[Model]) -> Model | None:
        """Loads what is not here yet; None when there is no room until one of the `busy` ones is done.

        Raises ModelLeavesNoRoom, ModelDamaged, FolderIsNoModel, BaseUnsupported, QuantisationMissing, AdapterUnusable,
        LlamaFailed, PackageMissing, GpuUnusable.
        """
        key = (target.base_folder, target.precision)
        if key not in self._held:
            needed = expected_bytes(Path(target.base_folder), target.precision)
            if needed > self._limits.memory_bytes:
                limit = show_bytes(self._limits.memory_bytes)
                raise ModelLeavesNoRoom(name=target.label, needed=show_bytes(needed), limit=limit)
            if not self._make_room(needed, busy):
                return None
            base = _loaded(Path(target.base_folder), target, self._limits.device)
            self._held[key] = _Held(base, needed, self._clock.monotonic())
        held = self._held[key]
        held.used_at = self._clock.monotonic()
        if target.adapter_folder is not None and isinstance(held.base, AdaptedBase):
            held.base.make_ready(target.adapter_folder)
        return held.base

    def give_up_idle(self, busy: Collection[Model]) -> None:
        """Of those that are asked, the time begins with the end of the answer."""
        now = self._clock.monotonic()
        for key, held in list(self._held.items()):
            if held.base in busy:
                held.used_at = now
            elif now - held.used_at > self._limits.idle_seconds:
                del self._held[key]

    def _make_room(self, needed: float, busy: Collection[Model]) -> bool:
        """Gives up the ones used least lately, and none when that would not be enough."""
        excess = sum(held.bytes for held in self._held.values()) + needed - self._limits.memory_bytes
        free = sorted((item for item in self._held.items() if item[1].base not in busy), key=lambda i: i[1].used_at)
        if excess > sum(held.bytes for _, held in free):
            return False
        for key, held in free:
            if excess <= 0:
                break
            excess -= held.bytes
            del self._held[key]
        return True


def _loaded(place: Path, target: ChatTarget, device: Device) -> Model:
    """A GGUF file is llama.cpp's, which computes where it was built for."""
    if target.is_gguf:
        return GgufModel(place)
    return AdaptedBase(load_base(place, target.precision, device=torch_device(device)))


def expected_bytes(folder: Path, precision: Precision) -> float:
    """Of the weights in memory, from the heads of their files. A file that cannot be read counts nothing: loading
    says what is wrong with it."""
    if folder.suffix == ".gguf":
        return gguf_bytes(folder) if folder.is_file() else 0.0
    total = 0.0
    for path in folder.glob("*.safetensors"):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    total += _elements(file.get_slice(name).get_shape()) * _bytes_each(name, precision)
        except (OSError, SafetensorError):
            continue
    return total


def _elements(shape: list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _bytes_each(name: str, precision: Precision) -> float:
    is_whole = precision == "nf4" and any(part in name for part in _KEPT_WHOLE)
    return _BYTES_PER_ELEMENT["bf16" if is_whole else precision]
