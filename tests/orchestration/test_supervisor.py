"""Real supervisors and real workers, killed, frozen, stopped and adopted: no run is lost and none is done twice."""

import signal
import time

import psutil
import pytest

from luthier.domain.run_states import RunState
from luthier.orchestration.launch import is_supervised
from luthier.workspace import Workspace
from tests.orchestration.conftest import (
    Submit,
    is_at_work,
    journal_tokens,
    loss_bits,
    processes_of,
    until,
    wait_for,
    wait_for_step,
    worker_of,
)

pytestmark = pytest.mark.slow
ENDED = (RunState.COMPLETED, RunState.FAILED)


def test_a_run_completes_with_a_proof_and_a_version(workspace: Workspace, submit: Submit) -> None:
    run = wait_for(workspace, submit(steps=20), *ENDED)
    assert run.state is RunState.COMPLETED, run.problem
    assert run.step == run.total_steps == 20
    assert len(workspace.runs.metrics(run.run_id, names=("loss",))) == 20
    assert workspace.runs.preflight(run.run_id) is not None
    assert workspace.runs.evaluation(run.run_id) is not None
    (version,) = workspace.versions.list()
    assert (version.run_id, version.label) == (run.run_id, "orders@0.1.0")
    until(lambda: not processes_of(workspace), "the idle supervisor to end")


def test_a_killed_worker_costs_no_step_and_changes_no_bit(workspace: Workspace, submit: Submit) -> None:
    undisturbed = wait_for(workspace, submit(steps=60), *ENDED)
    killed = submit(steps=60)
    wait_for_step(workspace, killed, 25)
    worker_of(workspace, killed).send_signal(signal.SIGKILL)
    run = wait_for(workspace, killed, *ENDED)
    assert run.state is RunState.COMPLETED, run.problem
    assert run.attempt == 2
    assert loss_bits(workspace, run) == loss_bits(workspace, undisturbed)
    alerts = [event for event in workspace.runs.events_after(0, run.run_id) if event.kind == "run.alert"]
    assert alerts[0].body["code"] == "runs.worker_lost"


def test_a_frozen_worker_is_noticed_and_replaced(workspace: Workspace, submit: Submit) -> None:
    run = submit(steps=60)
    wait_for_step(workspace, run, 15)
    frozen = worker_of(workspace, run)
    frozen.send_signal(signal.SIGSTOP)
    run = wait_for(workspace, run, *ENDED)
    assert run.state is RunState.COMPLETED, run.problem
    assert run.attempt == 2
    assert not frozen.is_running()


def test_a_killed_supervisor_leaves_the_worker_at_work_and_the_next_one_adopts_it(
    workspace: Workspace, submit: Submit
) -> None:
    run = submit(steps=300)
    wait_for_step(workspace, run, 10)
    worker = worker_of(workspace, run)
    (supervisor,) = [each for each in processes_of(workspace) if "luthier.orchestration" in each.cmdline()]
    supervisor.kill()
    until(lambda: not is_supervised(workspace.folders), "the supervisor's end")
    assert worker.is_running()
    workspace.keep_supervised()
    run = wait_for(workspace, run, *ENDED)
    assert run.state is RunState.COMPLETED, run.problem
    assert run.attempt == 1
    assert [point.step for point in workspace.runs.metrics(run.run_id, names=("loss",))] == list(range(1, 301))


def test_pausing_saves_a_checkpoint_and_resume_goes_on_exactly_there(workspace: Workspace, submit: Submit) -> None:
    undisturbed = wait_for(workspace, submit(steps=200, checkpoint_every=1000), *ENDED)
    run = submit(steps=200, checkpoint_every=1000)
    wait_for_step(workspace, run, 5)
    workspace.runs.pause(run.run_id)
    parked = wait_for(workspace, run, RunState.PAUSED, *ENDED)
    assert parked.state is RunState.PAUSED
    assert [checkpoint.step for checkpoint in workspace.runs.checkpoints(run.run_id)] == [parked.step]
    workspace.runs.resume(run.run_id)
    resumed = wait_for(workspace, run, *ENDED)
    assert resumed.state is RunState.COMPLETED, resumed.problem
    assert loss_bits(workspace, resumed) == loss_bits(workspace, undisturbed)


def test_cancel_ends_the_worker_and_throws_its_checkpoints_away(workspace: Workspace, submit: Submit) -> None:
    run = submit(steps=5000, checkpoint_every=5)
    wait_for_step(workspace, run, 12)
    worker = worker_of(workspace, run)
    started = time.monotonic()
    assert workspace.runs.cancel(run.run_id).state is RunState.CANCELLED
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker's end")
    assert time.monotonic() - started < 10
    until(lambda: not workspace.folders.run(run.run_id).checkpoints.exists(), "the checkpoints to go")


def test_a_worker_lost_again_and_again_fails_the_run_with_a_way_on(workspace: Workspace, submit: Submit) -> None:
    run = submit(steps=5000)
    for attempt in (1, 2, 3):
        until(lambda attempt=attempt: workspace.runs.get(run.run_id).attempt == attempt, f"attempt {attempt}")  # type: ignore[misc]
        until(lambda: is_at_work(workspace, run), "a worker")
        worker_of(workspace, run).kill()
    failed = wait_for(workspace, run, *ENDED)
    assert failed.state is RunState.FAILED
    assert failed.problem is not None
    assert failed.problem.code == "runs.worker_lost"
    assert any("resume" in (action.command or "") for action in failed.problem.actions)
    assert journal_tokens(workspace, run) == [1, 2, 3]


def test_runs_wait_for_each_other_in_the_order_they_came(workspace: Workspace, submit: Submit) -> None:
    first, second = submit(steps=30), submit(steps=5)
    wait_for(workspace, second, *ENDED)
    done = [workspace.runs.get(run.run_id).finished_at for run in (first, second)]
    assert done[0] is not None
    assert done[1] is not None
    assert done[0] < done[1]
