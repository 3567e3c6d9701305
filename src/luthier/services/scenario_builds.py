"""From a folder of scenarios to a GGUF file under a size limit: each step goes on from what an earlier try has left."""

from pathlib import Path

from luthier.connectors.cache import link_or_copy
from luthier.domain.datasets import Dataset
from luthier.domain.exports import Export, ExportRequest
from luthier.domain.recipes import Budget, Recipe
from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Run
from luthier.domain.scenario_builds import BuildPlace, BuildWanted, Built
from luthier.domain.scenarios import ScenarioOptions
from luthier.kit.files import make_folder, write_json
from luthier.services.background import OnProgress
from luthier.services.datasets import Datasets
from luthier.services.exports import Exports
from luthier.services.runs import Runs
from luthier.services.scenarios import Scenarios

_MOST_RUNS = 500  # that are looked through for one that was begun alike
_GOES_ON = (RunState.PAUSED, RunState.FAILED)


class ScenarioBuilds:
    def __init__(self, scenarios: Scenarios, datasets: Datasets, runs: Runs, exports: Exports) -> None:
        self._scenarios = scenarios
        self._datasets = datasets
        self._runs = runs
        self._exports = exports

    def check_place(self, wanted: BuildWanted) -> Path:
        """Where the files will be. Raises BuildPlace when something else is there."""
        place = Path(wanted.out).expanduser().absolute() if wanted.out else Path.cwd() / wanted.name
        if place.exists() and (not place.is_dir() or ({*place.iterdir()} - {*_files_of(place, wanted.name)})):
            raise BuildPlace(path=place)
        return place

    def dataset(self, wanted: BuildWanted, on_progress: OnProgress) -> Dataset:
        """The examples of the scenarios; the same ones are kept once. Raises what checking the scenarios raises."""
        options = ScenarioOptions(count=wanted.vary)
        made = self._scenarios.keep(wanted.folder, name=wanted.name, options=options, on_progress=on_progress)
        alike = [each for each in self._datasets.list() if each.dataset_id == made.dataset_id]
        return min(alike, key=lambda each: each.version)

    def run(self, wanted: BuildWanted, dataset: Dataset, on_progress: OnProgress) -> Run:
        """The one that was begun alike, which goes on where it rests; else a new one."""
        recipe = Recipe(
            name=wanted.name,
            base=wanted.base,
            data=dataset.dataset_id,
            settings=wanted.settings,
            budget=Budget(size=wanted.max_bytes),
        )
        alike = [run for run in self._runs.list(_MOST_RUNS) if run.recipe == recipe]
        begun = next((run for run in alike if run.state is not RunState.CANCELLED), None)
        if begun is None:
            return self._runs.submit(recipe, on_progress)
        if begun.state in _GOES_ON and RunMove.RESUME in begun.wishes:
            return self._runs.resume(begun.run_id)
        return begun

    def export(self, wanted: BuildWanted, run: Run, on_progress: OnProgress) -> Export:
        """Under the limit, proven to say the same as the tuned model; made once for each version and limit."""
        request = ExportRequest.of("gguf", None, wanted.max_bytes)
        assert run.version_id is not None, "a completed run is registered"
        made = (each for each in self._exports.list(run.version_id) if each.request == request and each.files)
        return next(made, None) or self._exports.make_here(run.version_id, request, on_progress)

    def deliver(self, wanted: BuildWanted, export: Export) -> Built:
        """The file, and beside it the report with the proof."""
        place = self.check_place(wanted)
        make_folder(place)
        model, report = _files_of(place, wanted.name)
        (file,) = (each for each in export.files if each.name.endswith(".gguf"))
        model.unlink(missing_ok=True)
        link_or_copy(Path(export.folder) / file.name, model)
        write_json(report, export.model_dump(mode="json"))
        return Built(
            file=str(model),
            report=str(report),
            bytes=file.bytes,
            max_bytes=wanted.max_bytes,
            version=export.version,
            export_id=export.export_id,
            command=f"luthier chat {export.export_id}",
        )


def _files_of(place: Path, name: str) -> tuple[Path, Path]:
    return place / f"{name}.gguf", place / f"{name}.report.json"
