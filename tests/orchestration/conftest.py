"""A workspace whose runs take seconds: a tiny base model, short silences, and a supervisor that ends soon."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from luthier.domain.recipes import Recipe
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.files import read_json
from luthier.settings import Settings
from luthier.workspace import Workspace, open_workspace
from tests.builders.models import a_model_folder

Submit = Callable[..., Run]
PATIENCE_SECONDS = 120


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("tiny") / "base")


@pytest.fixture
def settings(workspace_folder: Path) -> Settings:
    return Settings(home=workspace_folder, worker_silence_seconds=6, worker_grace_seconds=5, supervisor_idle_seconds=3)


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    opened = open_workspace(settings=settings)
    yield opened
    for run in opened.runs.list(states=set(RunState) - {RunState.COMPLETED, RunState.CANCELLED}):
        opened.runs.cancel(run.run_id)
    until(lambda: not processes_of(opened))
    opened.close()


@pytest.fixture
def submit(workspace: Workspace, tiny_base: Path, tmp_path: Path) -> Submit:
    source = tmp_path / "orders.jsonl"
    rows = [{"prompt": f"{number} of oak", "completion": f'{{"oak":{number}}}'} for number in range(40)]
    source.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))

    def submit(steps: int = 30, **settings: object) -> Run:
        pins = {"max_steps": steps, "epochs": 100, "checkpoint_every": 10, "evaluate_every": 1000, **settings}
        recipe = Recipe(base=str(tiny_base), data=str(source), settings=pins, evaluation={"max_new_tokens": 4})
        return workspace.runs.submit(recipe)

    return submit


def until(condition: Callable[[], bool], what: str = "the condition") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def wait_for(workspace: Workspace, run: Run, *states: RunState) -> Run:
    until(lambda: workspace.runs.get(run.run_id).state in states, f"{run.name} to be {states}")
    return workspace.runs.get(run.run_id)


def wait_for_step(workspace: Workspace, run: Run, step: int) -> Run:
    until(lambda: workspace.runs.get(run.run_id).step >= step, f"step {step}")
    return workspace.runs.get(run.run_id)


def worker_of(workspace: Workspace, run: Run) -> psutil.Process:
    return next(process for process in processes_of(workspace) if _speaks_into(process, run.run_id))


def is_at_work(workspace: Workspace, run: Run) -> bool:
    return any(_speaks_into(process, run.run_id) for process in processes_of(workspace))


def processes_of(workspace: Workspace) -> list[psutil.Process]:
    """Workers, what they are forked from, and supervisors of this workspace that are alive."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] == psutil.STATUS_ZOMBIE or "-m" not in words:
            continue
        root = str(workspace.folders.root)
        forks = "forks" in words and _speaks_into(process, root, 2)
        if forks or root in " ".join(words) or _is_supervisor_of(process, workspace):
            found.append(process)
    return found


def _speaks_into(process: psutil.Process, place: str, stream: int = 1) -> bool:
    """Whether its standard output, or error, is a log in that folder. Only a worker's output is that of a run."""
    try:
        return place in str(Path(f"/proc/{process.pid}/fd/{stream}").readlink())
    except OSError:
        return False


def _is_supervisor_of(process: psutil.Process, workspace: Workspace) -> bool:
    try:
        return "luthier.orchestration" in process.cmdline() and process.environ().get("LUTHIER_HOME") == str(
            workspace.settings.home
        )
    except psutil.Error:
        return False


def loss_bits(workspace: Workspace, run: Run) -> dict[int, str]:
    points = workspace.runs.metrics(run.run_id, names=("loss",))
    return {point.step: point.value.hex() for point in points}


def journal_tokens(workspace: Workspace, run: Run) -> list[int]:
    attempts = sorted((workspace.folders.run(run.run_id).root / "attempts").iterdir())
    return [read_json(attempt / "job.json")["token"] for attempt in attempts]
