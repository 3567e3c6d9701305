"""Predicted against measured, run by run; and the factors that the planner learns from it, for each machine."""

from luthier.domain.plans import Calibration
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.domain.truths import Truth, truths_of
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen
from luthier.planning.calibration import NEWEST, Lesson, calibrated
from luthier.services.folders import Folders
from luthier.store import Store


class Compared(Frozen):
    """One completed run."""

    run_id: str
    name: str
    memory: Truth
    duration: Truth


class CalibrationTable(Frozen):
    calibration: Calibration  # of this machine
    compared: tuple[Compared, ...]  # runs on this machine, the newest first


class _Kept(Frozen):
    newest_run: str
    calibration: Calibration


class Calibrations:
    def __init__(self, store: Store, folders: Folders) -> None:
        self._store = store
        self._folders = folders

    def of(self, fingerprint: str) -> Calibration:
        """Computed anew when a run has been completed since the last time."""
        with self._store.reading() as tx:
            newest = tx.runs.list(limit=1, states={RunState.COMPLETED})
        if not newest:
            return Calibration()
        path = self._folders.calibration(fingerprint)
        if path.exists():
            kept = _Kept.model_validate(read_json(path))
            if kept.newest_run == newest[0].run_id:
                return kept.calibration
        calibration = calibrated([_lesson(run) for run in self._completed(fingerprint)])
        write_json(path, _Kept(newest_run=newest[0].run_id, calibration=calibration).model_dump(mode="json"))
        return calibration

    def table(self, fingerprint: str) -> CalibrationTable:
        compared = []
        for run in self._completed(fingerprint):
            memory, duration = truths_of(run)
            compared.append(Compared(run_id=run.run_id, name=run.name, memory=memory, duration=duration))
        return CalibrationTable(calibration=self.of(fingerprint), compared=tuple(compared))

    def _completed(self, fingerprint: str) -> list[Run]:
        """The newest runs that one worker did from beginning to end on this machine."""
        with self._store.reading() as tx:
            newest = tx.runs.list(limit=5 * NEWEST, states={RunState.COMPLETED})
        whole = [run for run in newest if run.attempt == 1 and run.peak_rss_bytes and run.training_seconds]
        return [run for run in whole if run.plan.machine.fingerprint == fingerprint][:NEWEST]


def _lesson(run: Run) -> Lesson:
    """What the plan was corrected by is taken out again, so that corrections are not learnt twice."""
    memory, duration = truths_of(run)
    used = run.plan.calibration
    assert memory.measured is not None
    assert duration.measured is not None
    return Lesson(
        memory=memory.measured / memory.planned.middle * used.memory_factor,
        duration=duration.measured / duration.planned.middle * used.duration_factor,
    )
