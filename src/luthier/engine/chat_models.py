"""The models that the chat process holds: few bases, and on each of them several adapters that are swapped in place."""

from collections import OrderedDict
from pathlib import Path

from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from luthier.domain.chat import AdapterUnusable, ChatTarget
from luthier.engine.loading import LoadedBase, load_base

_MOST_BASES = 2  # the starter and the one being worked on; each holds all its weights in memory
_MOST_ADAPTERS = 8  # of one base; an adapter is about one percent of it


class ChatModels:
    def __init__(self) -> None:
        self._bases: OrderedDict[str, AdaptedBase] = OrderedDict()

    def get(self, target: ChatTarget) -> "AdaptedBase":
        """Loads what is not here yet. Raises ModelDamaged, FolderIsNoModel, BaseUnsupported, AdapterUnusable."""
        base = self._bases.get(target.base_folder)
        if base is None:
            while len(self._bases) >= _MOST_BASES:
                self._bases.popitem(last=False)
            base = self._bases[target.base_folder] = AdaptedBase(load_base(Path(target.base_folder), "bf16"))
        self._bases.move_to_end(target.base_folder)
        if target.adapter_folder is not None:
            base.make_ready(target.adapter_folder)
        return base


class AdaptedBase:
    """One base whose active adapter changes from token to token, without loading anything again."""

    def __init__(self, loaded: LoadedBase) -> None:
        self.loaded = loaded
        self._peft: PeftModel | None = None
        self._layers: list[BaseTunerLayer] = []
        self._names: OrderedDict[str, str] = OrderedDict()  # of the adapters that are loaded, by folder and content
        self._active: str | None = None
        self._made = 0

    def make_ready(self, adapter_folder: str) -> None:
        """Raises AdapterUnusable when the adapter cannot be put on this base."""
        key = _key(adapter_folder)
        if key in self._names:
            self._names.move_to_end(key)
            return
        self._made += 1
        name = f"adapter{self._made}"
        options = {"adapter_name": name, "is_trainable": False, "torch_device": "cpu", "local_files_only": True}
        try:
            if self._peft is None:
                self._peft = PeftModel.from_pretrained(self.loaded.model, adapter_folder, **options)
            else:
                self._peft.load_adapter(adapter_folder, **options)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = "it is damaged, or made for another base model"
            raise AdapterUnusable(folder=adapter_folder, reason=reason, details=repr(error)) from error
        self._names[key] = name
        self._peft.eval()
        self._layers = [module for module in self._peft.modules() if isinstance(module, BaseTunerLayer)]
        self._switch_to(name)
        while len(self._names) > _MOST_ADAPTERS:
            self._peft.delete_adapter(self._names.popitem(last=False)[1])

    def use(self, adapter_folder: str | None) -> None:
        """What the model computes from now on."""
        name = None
        if adapter_folder is not None:
            self.make_ready(adapter_folder)
            name = self._names[_key(adapter_folder)]
        if name != self._active:
            self._switch_to(name)

    def _switch_to(self, name: str | None) -> None:
        for layer in self._layers:
            layer.enable_adapters(name is not None)
            if name is not None:
                layer.set_adapter(name, inference_mode=True)
        self._active = name


def _key(adapter_folder: str) -> str:
    """A folder that was written anew is another adapter."""
    file = Path(adapter_folder) / "adapter_model.safetensors"
    try:
        return f"{file}:{file.stat().st_mtime_ns}"
    except OSError as error:
        raise AdapterUnusable(folder=adapter_folder, reason="it is no longer there") from error
