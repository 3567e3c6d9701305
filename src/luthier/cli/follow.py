"""Follows a run from its events until it needs nobody's patience any more: completed, failed, cancelled or paused."""

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.health import remedy_line, show_alert
from luthier.cli.render.preflight import show_preflight
from luthier.cli.render.progress import ProgressLine, machine_line
from luthier.cli.render.text import one_line, soft
from luthier.cli.terminal import Terminal
from luthier.domain.events import Event
from luthier.domain.health import AppliedRemedy
from luthier.domain.jobs import Alert, Progress
from luthier.domain.run_states import ENDED, RunState
from luthier.domain.runs import Run
from luthier.kit.units import show_bytes
from luthier.workspace import Workspace

RESTING = ENDED | {RunState.PAUSED}
_POLL_SECONDS = 0.2
_SECONDS_BETWEEN_LOOKS = 5.0  # at whether the run still has a supervisor

_STATES_WORTH_A_LINE = {
    RunState.QUEUED: "Waiting for its turn",
    RunState.PREPARING: "Starting the worker",
    RunState.PAUSING: "Ending its step: the worker saves a checkpoint first",
}
_PHASES = {
    "loading": "Loading the base model",
    "preparing": "Preparing the examples",
    "preflight": "Checking what the model will see",
    "evaluating": "Measuring before and after",
    "completing": "Writing the result",
}


def follow(terminal: Terminal, run: Run, after_seq: int) -> Run:
    """Shows what happens after the event `after_seq`; returns the run once it rests."""
    workspace, clock = terminal.workspace, terminal.workspace.clock
    next_look = clock.monotonic()
    with terminal.progress(_opening(run)) as line:
        if run.state is RunState.RUNNING and run.seconds_left is not None and run.loss is not None:
            line.training(_last_step(run))
        teller = _Teller(workspace, run.run_id, line)
        while True:
            run = workspace.runs.get(run.run_id)
            events = workspace.runs.events_after(after_seq, run_id=run.run_id)
            for event in events:
                teller.tell(event)
                after_seq = event.seq
            if not events:
                if run.state in RESTING:
                    return run
                if clock.monotonic() >= next_look:
                    workspace.keep_supervised()
                    next_look = clock.monotonic() + _SECONDS_BETWEEN_LOOKS
                clock.sleep(_POLL_SECONDS)


def _last_step(run: Run) -> dict[str, Any]:
    """What is known before the next step comes, which may take minutes."""
    known = run.model_dump(include={"step", "total_steps", "loss", "tokens_per_second", "seconds_left"})
    return {**known, "tokens_per_second": run.tokens_per_second or 0.0}


def _opening(run: Run) -> str:
    return _STATES_WORTH_A_LINE.get(run.state, f"The run is {run.state.value}")


class _Teller:
    """Turns events into the progress line and the few lines above it that are worth keeping on the screen."""

    def __init__(self, workspace: Workspace, run_id: str, line: ProgressLine) -> None:
        self._workspace = workspace
        self._run_id = run_id
        self._line = line
        self._machine = ""
        self._answers: dict[int, str] = {}  # row -> what was said to it last
        self._tellers: dict[str, Callable[[dict[str, Any]], None]] = {
            "run.step": self._step,
            "run.readings": self._readings,
            "run.answer": self._answer,
            "run.progress": self._progress,
            "run.state": self._state,
            "run.held_out_loss": self._held_out_loss,
            "run.checkpoint": self._checkpoint,
            "run.preflight": self._preflight,
            "run.alert": self._alert,
            "run.remedy": self._remedy,
        }

    def tell(self, event: Event) -> None:
        tell = self._tellers.get(event.kind)
        if tell:
            tell(event.body)

    def _say(self, *lines: RenderableType) -> None:
        for line in lines:
            self._line.say(line)

    def _step(self, body: dict[str, Any]) -> None:
        self._line.training(body, self._machine)

    def _readings(self, body: dict[str, Any]) -> None:
        self._machine = machine_line(body)

    def _answer(self, body: dict[str, Any]) -> None:
        """Only what changed: most answers stay as they are for long."""
        if self._answers.get(body["row"]) != body["text"]:
            self._answers[body["row"]] = body["text"]
            when = f"step {body['step']}" if body["step"] else "the base model"
            asked, said = one_line(body["prompt"], longest=40), one_line(body["text"] or "(nothing)", longest=100)
            self._say(Text.assemble((f"Sample, {when}: {asked} ", "soft"), said))

    def _progress(self, body: dict[str, Any]) -> None:
        self._line.update(
            Progress(
                what=_PHASES.get(body["what"], body["what"]),
                done=body["done"],
                total=body["total"],
                unit=body.get("unit", ""),
            )
        )

    def _state(self, body: dict[str, Any]) -> None:
        state = RunState(body["state"])
        if state in _STATES_WORTH_A_LINE:
            self._line.update(Progress(what=_STATES_WORTH_A_LINE[state], done=0, total=0))
        if body["move"] == "lose":
            self._say(soft(body["cause"]))

    def _held_out_loss(self, body: dict[str, Any]) -> None:
        when = f"after step {body['step']}" if body["step"] else "before training"
        self._say(Text(f"Held-out loss {when}: {body['loss']:.4f}"))

    def _checkpoint(self, body: dict[str, Any]) -> None:
        self._say(soft(f"Checkpoint at step {body['step']} ({show_bytes(body['bytes'])})"))

    def _preflight(self, body: dict[str, Any]) -> None:
        report = self._workspace.runs.preflight(self._run_id)
        if report:
            self._say(Text("Preflight", "head"), *show_preflight(report))

    def _alert(self, body: dict[str, Any]) -> None:
        self._say(*show_alert(Alert.model_validate(body)))

    def _remedy(self, body: dict[str, Any]) -> None:
        fields = {name: body[name] for name in AppliedRemedy.model_fields}
        self._say(remedy_line(AppliedRemedy.model_validate(fields)))
