"""One base whose active adapter changes from token to token, without loading anything again."""

from collections import OrderedDict
from pathlib import Path

from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from luthier.domain.chat import AdapterUnusable
from luthier.engine.loading import LoadedBase
from luthier.engine.prefixes import Prefixes

_MOST_ADAPTERS = 8  # of one base; an adapter is about one percent of it


class AdaptedBase:
    def __init__(self, loaded: LoadedBase) -> None:
        self.loaded = loaded
        self.prefixes = Prefixes(loaded.model)
        self.active: str | None = None  # the adapter that computes now; None is the base alone
        self._peft: PeftModel | None = None
        self._layers: list[BaseTunerLayer] = []
        self._names: OrderedDict[str, str] = OrderedDict()  # of the adapters that are loaded, by folder and content
        self._made = 0

    def make_ready(self, adapter_folder: str) -> None:
        """Raises AdapterUnusable when the adapter cannot be put on this base."""
        key = _key(adapter_folder)
        if key in self._names:
            self._names.move_to_end(key)
            return
        self._made += 1
        name = f"adapter{self._made}"
        device = str(self.loaded.model.device)
        options = {"adapter_name": name, "is_trainable": False, "torch_device": device, "local_files_only": True}
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
            forgotten = self._names.popitem(last=False)[1]
            self._peft.delete_adapter(forgotten)
            self.prefixes.forget(forgotten)

    def use(self, adapter_folder: str | None) -> None:
        """What the model computes from now on."""
        name = None
        if adapter_folder is not None:
            self.make_ready(adapter_folder)
            name = self._names[_key(adapter_folder)]
        if name != self.active:
            self._switch_to(name)

    def _switch_to(self, name: str | None) -> None:
        """PEFT's own way also walks through every weight, to say that none is trained; here none ever is."""
        for layer in self._layers:
            layer._disable_adapters = name is None
            if name is not None:
                layer._active_adapter = [name]
        self.active = name


def _key(adapter_folder: str) -> str:
    """A folder that was written anew is another adapter."""
    file = Path(adapter_folder) / "adapter_model.safetensors"
    try:
        return f"{file}:{file.stat().st_mtime_ns}"
    except OSError as error:
        raise AdapterUnusable(folder=adapter_folder, reason="it is no longer there") from error
