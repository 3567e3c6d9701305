"""Checkpoints beside the training: what changes is copied while the next gradients are computed, and then written.

Where a copy would need much memory, training stands still until the checkpoint is on the disk.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from torch import Tensor

from luthier.domain.jobs import LARGEST_COPIED_CHECKPOINT_BYTES, CheckpointSaved, Job
from luthier.engine.channel import Channel
from luthier.engine.checkpoints import Snapshot, TrainingState, checkpoint_bytes, publish, snapshot
from luthier.engine.crash_points import CrashPoints
from luthier.engine.optimiser import Optimiser
from luthier.engine.trained import Trained

Why = Literal["interval", "best", "stop", "last"]


class CheckpointWriter:
    """One at a time, in the order in which they were asked for; leaving the context waits for the last one."""

    def __init__(self, job: Job, run_folder: Path, channel: Channel, crash: CrashPoints) -> None:
        self._job = job
        self._run_folder = run_folder
        self._channel = channel
        self._crash = crash
        self._copying: Future[Snapshot] | None = None
        self._writing: Future[None] | None = None
        self._aside: dict[str, Tensor] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")

    def save(self, state: TrainingState, trained: Trained, optimiser: Optimiser, why: Why) -> None:
        """Nothing of it may change before `let_change`. The last one of an attempt is on the disk when this returns.

        Raises what an earlier one ended with.
        """
        self.settle()
        started = time.perf_counter()
        values = trained.parameters.values
        small = checkpoint_bytes(trained, optimiser) <= LARGEST_COPIED_CHECKPOINT_BYTES
        copied = why in ("interval", "best") and (small or values.device.type != "cpu")
        copying = self._thread.submit(snapshot, state, trained, optimiser, self._aside if copied else None)
        self._copying = copying
        self._writing = self._thread.submit(lambda: self._write(copying.result(), why, started))
        if not copied:
            self.settle()

    def let_change(self) -> None:
        """Waits until weights and moments may be written to: a copy of a few megabytes has long been taken by then."""
        if self._copying is not None:
            copying, self._copying = self._copying, None
            copying.result()

    def settle(self) -> None:
        """Waits until nothing is being written. Raises what the writing ended with: OSError, CheckpointDamaged."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            with self._channel.saving():
                writing.result()

    def look(self) -> None:
        """Raises what the writing has ended with, if it has."""
        if self._writing is not None and self._writing.done():
            self.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.settle()
        finally:
            self._thread.shutdown(wait=True)

    def _write(self, taken: Snapshot, why: Why, started: float) -> None:
        folder = self._run_folder / "checkpoints"
        saved = publish(folder, self._job, taken, self._crash, self._channel.still_ours)
        self._channel.say(
            CheckpointSaved(
                step=taken.state.step,
                folder=saved.folder.relative_to(self._run_folder).as_posix(),
                bytes=saved.bytes,
                seconds=time.perf_counter() - started,
                why=why,
            )
        )
