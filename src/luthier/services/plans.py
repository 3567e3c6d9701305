"""Plans: bring base, examples and machine together, and let the planner decide what the recipe leaves open."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from luthier.data.canonical import write_examples
from luthier.data.measure import measure
from luthier.data.pairs import refuse_without_pairs
from luthier.data.render import Renderer
from luthier.data.splits import Split, shared_questions
from luthier.domain.datasets import Dataset, Example
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.jobs import Progress
from luthier.domain.machine import Machine
from luthier.domain.models import BaseModel
from luthier.domain.plans import Plan, RegionUnknown
from luthier.domain.profiles import Profile
from luthier.domain.recipes import Recipe
from luthier.domain.traces import ModelTrace
from luthier.planning.abilities import ENGINE, native_precision
from luthier.planning.choose import make_plan
from luthier.planning.compatibility import doubts_about_base
from luthier.planning.costs import is_region, regions
from luthier.planning.knowledge import Knowledge, Tariff
from luthier.services.calibration import Calibrations, CalibrationTable
from luthier.services.datasets import Datasets
from luthier.services.machine import MachineProfile
from luthier.services.models import Models
from luthier.services.profiles import Profiles
from luthier.services.sides import Sides, automatic_sides
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
        tariff: Tariff,
    ) -> None:
        self._datasets = datasets
        self._models = models
        self._machine = machine
        self._traces = traces
        self._calibrations = calibrations
        self._profiles = profiles
        self._tariff = tariff

    def make(self, recipe: Recipe, on_progress: Report | None = None, *, trace: bool = False) -> Plan:
        return self.prepare(recipe, on_progress, trace=trace).plan

    def prepare(self, recipe: Recipe, on_progress: Report | None = None, *, trace: bool = False) -> Preparation:
        """With `trace`, a base that was never traced is traced first, which takes a minute, once.

        Raises what reading the data, getting the base, or fitting the machine and the budget raises.
        """
        dataset = self._datasets.resolve(
            recipe.data,
            shape=recipe.shape,
            columns=recipe.columns,
            skip_bad_rows=recipe.skip_bad_rows,
            on_progress=on_progress,
        )
        parted = self._sides(recipe, dataset)
        sides = parted.split
        refuse_without_pairs(recipe.method, recipe.data, (*sides.train, *sides.held_out))
        base = self._models.get(recipe.base, on_progress)
        facts = measure(Renderer(Path(base.folder)), sides.train, sides.held_out)
        machine = self._machine.get()
        if trace:
            self._trace(base, machine, on_progress)
        plan = make_plan(recipe, machine, base.shape, facts, self._knowledge(base, machine))
        doubts = doubts_about_base(base, recipe, plan.machine, plan.device)
        warnings = (*plan.warnings, *parted.findings, *_leaks(recipe, sides), *doubts)
        plan = plan.model_copy(update={"warnings": warnings})
        return Preparation(base=base, dataset=dataset, train=sides.train, held_out=sides.held_out, plan=plan)

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
        if not is_region(self._tariff.region):
            raise RegionUnknown(region=self._tariff.region, known=", ".join(regions()))
        return Knowledge(
            abilities=replace(ENGINE, quantised=importlib.util.find_spec("bitsandbytes") is not None),
            trace=self._traces.known(base, native_precision(machine)),
            rates=self._machine.rates(),
            calibration=self._calibrations.of(machine.fingerprint),
            tariff=self._tariff,
            profiles=self._profiles.own(),
        )

    def _sides(self, recipe: Recipe, dataset: Dataset) -> Sides:
        examples = list(self._datasets.examples(dataset))
        if recipe.held_out:
            held_out = self._datasets.resolve(recipe.held_out, skip_bad_rows=recipe.skip_bad_rows)
            return Sides(Split(train=examples, held_out=list(self._datasets.examples(held_out))))
        return automatic_sides(examples, recipe.evaluation.held_out_share)


def _leaks(recipe: Recipe, sides: Split) -> list[Finding]:
    """A question that was trained on measures memory, not skill."""
    rows = shared_questions(sides.train, sides.held_out)
    if not rows:
        return []
    return [
        Finding(
            code="plan.held_out_leaks",
            level=Level.WARNING,
            sentence=f"{len(rows)} of the {len(sides.held_out)} held-out questions are also trained on.",
            place=Place(file=recipe.held_out, row=rows[0]),
            suggestion="Take them out of one of the two files, or the proof will look better than the model is.",
        )
    ]
