from pathlib import Path
from typing import Any

import pytest

from luthier.domain.background import WorkState
from luthier.domain.exports import Export, ExportFile, ExportRequest
from luthier.domain.recipes import Recipe
from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Run
from luthier.domain.scenario_builds import BuildPlace, BuildWanted
from luthier.services.scenario_builds import ScenarioBuilds
from tests.builders.datasets import a_dataset
from tests.builders.moments import a_moment
from tests.builders.runs import a_run


class RunsSoFar:
    """Stands for the service of runs: keeps what was submitted and resumed."""

    def __init__(self) -> None:
        self.kept: list[Run] = []
        self.resumed: list[str] = []

    def list(self, limit: int) -> list[Run]:
        return self.kept[::-1][:limit]

    def submit(self, recipe: Recipe, on_progress: object) -> Run:
        self.kept.append(a_run(recipe=recipe))
        return self.kept[-1]

    def resume(self, run_id: str) -> Run:
        self.resumed.append(run_id)
        return self.kept[-1]


class ExportsSoFar:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[Export] = []

    def list(self, version_id: str) -> list[Export]:
        return [export for export in self.kept if export.version_id == version_id]

    def make_here(self, version_id: str, request: ExportRequest, on_progress: object) -> Export:
        (self.folder / "tuned.gguf").write_bytes(b"GGUF")
        export = Export(
            export_id="exp_1",
            version="quests@0.1.0",
            version_id=version_id,
            request=request,
            state=WorkState.DONE,
            begun_at=a_moment(),
            folder=str(self.folder),
            files=(ExportFile(name="tuned.gguf", bytes=4, sha256="00"),),
        )
        self.kept.append(export)
        return export


@pytest.fixture
def wanted(tmp_path: Path) -> BuildWanted:
    return BuildWanted(folder="quests", name="quests", max_bytes=1000, out=str(tmp_path / "out"))


def builds_over(runs: RunsSoFar, exports: ExportsSoFar) -> ScenarioBuilds:
    unused: Any = None
    anything: Any = runs
    files: Any = exports
    return ScenarioBuilds(unused, unused, anything, files)


def test_a_build_that_is_repeated_goes_on_with_the_run_that_it_began(tmp_path: Path, wanted: BuildWanted) -> None:
    runs = RunsSoFar()
    builds = builds_over(runs, ExportsSoFar(tmp_path))
    dataset = a_dataset()
    first = builds.run(wanted, dataset, print)
    assert first.recipe.budget.size == 1000
    assert builds.run(wanted, dataset, print) == first
    runs.kept[-1] = first.model_copy(update={"state": RunState.PAUSED})
    assert RunMove.RESUME in runs.kept[-1].wishes
    builds.run(wanted, dataset, print)
    assert runs.resumed == [first.run_id]
    builds.run(wanted.model_copy(update={"settings": {"epochs": 1}}), dataset, print)
    assert len(runs.kept) == 2
    runs.kept[:] = [first.model_copy(update={"state": RunState.CANCELLED})]
    builds.run(wanted, dataset, print)
    assert len(runs.kept) == 2


def test_the_file_is_made_once_and_put_beside_its_report(tmp_path: Path, wanted: BuildWanted) -> None:
    exports = ExportsSoFar(tmp_path)
    builds = builds_over(RunsSoFar(), exports)
    run = a_run(version_id="ver_1")
    built = [builds.deliver(wanted, builds.export(wanted, run, print)) for _ in range(2)][-1]
    assert len(exports.kept) == 1
    assert exports.kept[0].request.at_most_bytes == 1000
    assert Path(built.file).read_bytes() == b"GGUF"
    assert sorted(path.name for path in Path(wanted.out or "").iterdir()) == ["quests.gguf", "quests.report.json"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, wanted: BuildWanted) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    with pytest.raises(BuildPlace, match="something else"):
        builds_over(RunsSoFar(), ExportsSoFar(tmp_path)).check_place(wanted)
