"""This machine as the workspace knows it: its profile, kept for a few minutes, and the rates measured on it."""

import importlib.util
import threading
from dataclasses import replace
from pathlib import Path

import psutil

from luthier.domain.machine import Device, Machine, MachineLoad, Rates
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.planning.abilities import ENGINE, Abilities
from luthier.planning.installed import torch_build
from luthier.planning.machine import live_figures, probe_machine
from luthier.planning.machine_facts import doctor_facts
from luthier.planning.occupancy import measure_load
from luthier.planning.probes import Probes
from luthier.services.folders import Folders

PROFILE_SECONDS = 300.0  # hardware seldom changes; what changes all the time is never kept
BUSY_SECONDS = 1.0


def abilities_here() -> Abilities:
    """The engine's, with the optional parts that are installed."""
    torch = torch_build()
    devices: tuple[Device, ...] = (*ENGINE.devices, "cuda") if torch is not None and torch.cuda else ENGINE.devices
    return replace(ENGINE, devices=devices, quantised=importlib.util.find_spec("bitsandbytes") is not None)


class MachineProfile:
    """Thread-safe."""

    def __init__(
        self,
        folders: Folders,
        clock: Clock,
        probes: Probes | None = None,
        busy_seconds: float = BUSY_SECONDS,
        runs_at_once: int = 1,
    ) -> None:
        self.runs_at_once = runs_at_once  # that share it
        self._busy_seconds = busy_seconds
        self._folders = folders
        self._clock = clock
        self._probes = probes
        self._lock = threading.Lock()
        self._known: tuple[float, Machine] | None = None

    def get(self, *, refresh: bool = False) -> Machine:
        """Free memory and disk are those of this moment; the rest is at most PROFILE_SECONDS old, or new."""
        with self._lock:
            now = self._clock.monotonic()
            if refresh or self._known is None or now - self._known[0] > PROFILE_SECONDS:
                self._known = (now, probe_machine(self._folders.root, self._probes))
                return self._known[1]
            return live_figures(self._known[1], self._folders.root, self._probes)

    def load(self) -> MachineLoad:
        """How busy it is at this moment."""
        return measure_load(self._folders.root)

    def rates(self) -> Rates | None:
        """What was measured on a machine like this one is; None when nothing was."""
        return self._read(self.get().fingerprint)

    def keep(self, rates: Rates) -> None:
        """Rates that were taken beside other work never replace those of a quieter time."""
        limit, earlier = doctor_facts().thresholds.busy_share, self._read(rates.fingerprint)
        if earlier is not None and rates.busy_share > max(limit, earlier.busy_share):
            return
        write_json(self._rates_file(rates.fingerprint), rates.model_dump(mode="json"))

    def busy_share(self) -> float:
        """Of all cores, that programs use while this waits for a moment; 0..1."""
        return psutil.cpu_percent(interval=self._busy_seconds) / 100

    def _read(self, fingerprint: str) -> Rates | None:
        path = self._rates_file(fingerprint)
        return Rates.model_validate(read_json(path)) if path.exists() else None

    def _rates_file(self, fingerprint: str) -> Path:
        return self._folders.rates / f"{fingerprint}.json"
