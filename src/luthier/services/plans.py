"""Plans: bring base, examples and machine together, and let the planner decide what the recipe leaves open."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from luthier.data.canonical import write_examples
from luthier.domain.counting import Counted
from luthier.domain.datasets import Dataset, Example
from luthier.domain.jobs import Progress
from luthier.domain.machine import Machine
from luthier.domain.models import BaseModel
from luthier.domain.plans import Plan, RegionUnknown
from luthier.domain.profiles import Profile
from luthier.domain.recipes import Recipe
from luthier.domain.traces import ModelTrace
from luthier.planning.abilities import native_precision
from luthier.planning.choose import make_plan
from luthier.planning.compatibility import doubts_about_base, doubts_about_place
from luthier.planning.costs import is_region, regions
from luthier.planning.knowledge import Knowledge, Preferences
from luthier.services.calibration import Calibrations, CalibrationTable
from luthier.services.counts import counted, sides_of
from luthier.services.datasets import Datasets
from luthier.services.machine import MachineProfile, abilities_here
from luthier.services.models import Models
from luthier.services.profiles import Profiles
from luthier.services.rewards import with_programs
from luthier.services.sides import Sides
from luthier.services.traces import Traces

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Preparation:
    """Everything a run starts from."""

    base: BaseModel
    dataset: Dataset
    train: list[Example]
    held_out: list[Example]
    plan: Plan

    def write_data(self, train_file: Path, held_out_file: Path) -> None:
        train_file.parent.mkdir(parents=True, exist_ok=True)
        write_examples(train_file, self.train)
        if self.held_out:
            write_examples(held_out_file, self.held_out)


class Plans:
    def __init__(
        self,
        datasets: Datasets,
        models: Models,
        machine: MachineProfile,
        traces: Traces,
        calibrations: Calibrations,
        profiles: Profiles,
        preferences: Callable[[], Preferences],
    ) -> None:
        self._datasets = datasets
        self._models = models
        self._machine = machine
        self._traces = traces
        self._calibrations = calibrations
        self._profiles = profiles
        self.preferences = preferences

    def make(self, recipe: Recipe, on_progress: Report | None = None, *, trace: bool = False) -> Plan:
        """Without fetching the weights of a base: its outline says enough.

        With `trace`, a base that is here and was never traced is traced first, which takes a minute, once.
        Raises what reading the data, getting the base, or fitting the machine and the budget raises.
        """
        with_programs(recipe)
        _, parted = self._examples(recipe, on_progress)
        base, missing_bytes = self._models.outline(recipe.base, on_progress)
        if trace and not missing_bytes:
            self._trace(base, self._machine.get(), on_progress)
        return self.of_counted(recipe, base, counted(recipe, Path(base.folder), parted), missing_bytes)

    def prepare(self, recipe: Recipe, on_progress: Report | None = None) -> Preparation:
        """Raises as `make` does."""
        dataset, parted = self._examples(recipe, on_progress)
        base = self._models.get(recipe.base, on_progress)
        plan = self.of_counted(recipe, base, counted(recipe, Path(base.folder), parted))
        sides = parted.split
        return Preparation(base=base, dataset=dataset, train=sides.train, held_out=sides.held_out, plan=plan)

    def of_counted(self, recipe: Recipe, base: BaseModel, found: Counted, missing_bytes: int = 0) -> Plan:
        """In milliseconds, from what was counted in the examples before. Raises as `make` does."""
        machine = self._machine.get()
        plan = make_plan(recipe, machine, base.shape, found.facts, self._knowledge(base, machine))
        doubts = [
            *doubts_about_place(base, missing_bytes),
            *doubts_about_base(base, recipe, plan.machine, plan.device),
        ]
        return plan.model_copy(update={"warnings": (*plan.warnings, *found.findings, *doubts)})

    def profiles(self) -> tuple[Profile, ...]:
        """Those of the package, then the user's own."""
        return self._profiles.list()

    def calibration(self) -> CalibrationTable:
        """Predicted and measured of the runs on this machine, and what was learnt from them."""
        return self._calibrations.table(self._machine.get().fingerprint)

    def _trace(self, base: BaseModel, machine: Machine, on_progress: Report | None) -> ModelTrace:
        precision = native_precision(machine)
        if on_progress and self._traces.known(base, precision) is None:
            on_progress(Progress(what="tracing what a layer of the base keeps in memory", done=0, total=0))
        return self._traces.make(base, precision)

    def _knowledge(self, base: BaseModel, machine: Machine) -> Knowledge:
        preferences = self.preferences()
        if not is_region(preferences.tariff.region):
            raise RegionUnknown(region=preferences.tariff.region, known=", ".join(regions()))
        return Knowledge(
            abilities=abilities_here(),
            trace=self._traces.known(base, native_precision(machine)),
            rates=self._machine.rates(),
            calibration=self._calibrations.of(machine.fingerprint),
            preferences=preferences,
            profiles=self._profiles.own(),
            runs_at_once=self._machine.runs_at_once,
        )

    def _examples(self, recipe: Recipe, on_progress: Report | None = None) -> tuple[Dataset, Sides]:
        dataset = self._datasets.resolve(
            recipe.data,
            shape=recipe.shape,
            columns=recipe.columns,
            skip_bad_rows=recipe.skip_bad_rows,
            on_progress=on_progress,
        )
        parted = self._sides(recipe, dataset)
        return dataset, parted

    def _sides(self, recipe: Recipe, dataset: Dataset) -> Sides:
        held_out = None
        if recipe.held_out:
            measured_with = self._datasets.resolve(recipe.held_out, skip_bad_rows=recipe.skip_bad_rows)
            held_out = list(self._datasets.examples(measured_with))
        return sides_of(recipe, list(self._datasets.examples(dataset)), held_out)
