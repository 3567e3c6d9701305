"""`python -m tests.chaos.protocols FOLDER NAME`: does what is traced, and says on stdout what is confirmed.

Beside each protocol stands what must hold in every state that power loss can leave behind.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from luthier.domain.runs import Attempt
from luthier.health.checkpoints import folder_of_step, newest_intact, step_of
from luthier.kit.clock import SystemClock
from luthier.kit.files import damage_of, make_folder, read_json, sealed_folder, write_json
from luthier.kit.journal import JournalWriter, read_intact
from luthier.services.folders import RunFolder
from luthier.services.replaying import history_of
from luthier.services.run_history import CHANGED, Change
from tests.builders import a_moment, a_run

STEPS = (3, 6, 9)
FACTS = 4


def confirm(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def save_checkpoints(base: Path) -> None:
    """The engine's own `save`, of a model with six weights, that keeps two checkpoints."""
    import torch

    from luthier.domain.jobs import Job
    from luthier.engine.checkpoints import TrainingState, publish, snapshot
    from luthier.engine.crash_points import CrashPoints
    from luthier.engine.flat_parameters import FlatParameters
    from luthier.engine.optimiser import Optimiser
    from luthier.engine.trained import Trained
    from tests.builders.jobs import a_run_folder

    class SixWeights(Trained):
        disabled = write = None  # type: ignore[assignment] # a checkpoint needs neither

    folder = a_run_folder(base.parent / "run", base.parent, keep_checkpoints=2)
    job = Job.model_validate(read_json(folder / "attempts" / "001" / "job.json"))
    model = torch.nn.Linear(2, 2)
    SixWeights.__abstractmethods__ = frozenset()
    trained = SixWeights(FlatParameters(dict(model.named_parameters())))
    optimiser = Optimiser(trained.parameters, job.settings, 10)
    for step in STEPS:
        trained.parameters.gradients.fill_(step)
        optimiser.update(step, 1.0, job.settings)
        taken = snapshot(TrainingState(step=step), trained, optimiser)
        publish(base / "checkpoints", job, taken, CrashPoints())
        confirm(str(step))


def checkpoints_hold(base: Path, acks: tuple[str, ...]) -> None:
    """What was confirmed is there or a newer one is; nothing damaged passes; and the next one can be saved."""
    checkpoints = base / "checkpoints"
    newest = newest_intact(checkpoints)
    confirmed = max(map(int, acks), default=0)
    if newest is None:
        assert not confirmed, f"step {confirmed} was confirmed and no checkpoint is left"
    else:
        assert step_of(newest) >= confirmed, f"step {confirmed} was confirmed, and the newest is {newest.name}"
        assert read_json(newest / "state.json")["state"]["step"] == step_of(newest)
    again = folder_of_step(checkpoints, max(STEPS) + 3)
    with sealed_folder(again, {}) as staging:
        (staging / "state.json").write_text("{}")
    assert damage_of(again) is None


def tell_facts(base: Path) -> None:
    """As a worker does: into the folder of a new attempt, every second fact to be on the disk when it is told."""
    write_json(base / "attempts" / "001" / "job.json", {"attempt": 1})
    confirm("job")
    writer = JournalWriter(base / "attempts" / "001" / "journal.jsonl", SystemClock())
    for number in range(1, FACTS + 1):
        writer.append("fact", {"number": number, "text": "x" * 40}, durable=number % 2 == 0)
        if number % 2 == 0:
            confirm(str(number))


class _Ticking(SystemClock):
    """Every look at it is half a second after the one before."""

    looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks / 2


def tell_steps(base: Path) -> None:
    make_folder(base / "attempts" / "001")
    clock = _Ticking()
    writer = JournalWriter(base / "attempts" / "001" / "journal.jsonl", clock)
    told: dict[int, float] = {}
    for number in range(1, FACTS + 1):
        told[number] = clock.looks / 2
        writer.append("fact", {"number": number, "text": "x" * 40}, soon=True)
        old = [each for each, at in told.items() if clock.looks / 2 - at >= 1.5]
        if old:
            confirm(str(max(old)))


def facts_hold(base: Path, acks: tuple[str, ...]) -> None:
    folder = RunFolder(base).attempt(1)
    assert folder.job.exists() or "job" not in acks
    numbers = [record.body["number"] for record in read_intact(folder.journal)]
    confirmed = max((int(ack) for ack in acks if ack != "job"), default=0)
    assert numbers == sorted(set(numbers))
    assert set(range(1, confirmed + 1)) <= set(numbers), f"fact {confirmed} was confirmed, and there are {numbers}"
    folder.root.mkdir(parents=True, exist_ok=True)
    writer = JournalWriter(folder.journal, SystemClock())
    writer.append("fact", {"number": FACTS + 1})
    writer.close()
    assert [record.body["number"] for record in read_intact(folder.journal)] == [*numbers, FACTS + 1]


def change_runs(base: Path) -> None:
    """As the recorder of the store does: each change opens the history, writes one line, and closes it."""
    make_folder(base / "run")  # as the services do that write recipe and data into it
    for seq in range(1, FACTS + 1):
        writer = JournalWriter(base / "run" / "history.jsonl", SystemClock(), seq)
        writer.append(CHANGED, _a_change(seq), durable=True)
        writer.close()
        confirm(str(seq))


def _a_change(seq: int) -> dict[str, Any]:
    run = a_run(run_id="run_1", attempt=seq)
    event = {"seq": seq, "at": a_moment(seq), "kind": "run.state", "run_id": "run_1", "author": "user", "body": {}}
    attempt = Attempt(number=seq, token=seq)
    change = {"workspace_folder": "/w", "events": [event], "run": run, "attempt": attempt, "version": None}
    return Change.model_validate(change).model_dump(mode="json")


def changes_hold(base: Path, acks: tuple[str, ...]) -> None:
    numbers = [change.run.attempt for change in history_of(RunFolder(base / "run"))]
    assert set(range(1, len(acks) + 1)) <= set(numbers)


def replace_a_file(base: Path) -> None:
    for content in ("first", "second"):
        write_json(base / "deep" / "down" / "file.json", {"content": content, "more": "x" * 60})
        confirm(content)


def file_holds(base: Path, acks: tuple[str, ...]) -> None:
    path = base / "deep" / "down" / "file.json"
    if not path.exists():
        assert not acks
        return
    content = read_json(path)["content"]
    assert content == "second" or (content == "first" and "second" not in acks)


class Protocol(NamedTuple):
    act: Callable[[Path], None]
    must_hold: Callable[[Path, tuple[str, ...]], None]


PROTOCOLS = {
    "checkpoints": Protocol(save_checkpoints, checkpoints_hold),
    "journal": Protocol(tell_facts, facts_hold),
    "steps": Protocol(tell_steps, facts_hold),
    "history": Protocol(change_runs, changes_hold),
    "file": Protocol(replace_a_file, file_holds),
}

if __name__ == "__main__":
    PROTOCOLS[sys.argv[2]].act(Path(sys.argv[1]))
