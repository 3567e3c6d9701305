"""The first process of a group: starts the others, gives out the shares of each step, and shares their fate."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Never, Self

import torch.distributed as dist

from luthier.data.packing import fair_shares
from luthier.domain.jobs import Job
from luthier.domain.recipes import TrainingSettings
from luthier.engine.group import Group, Order, Share, add_up, join, send_values, share_of, together
from luthier.engine.learner import Learner
from luthier.engine.objective import Gathered

EXIT_GROUP_LOST = 76
_LOOK_SECONDS = 0.2
_FATE_SECONDS = 5.0  # a connection may break a moment before its process is seen to be dead


class Leader(Group):
    """When one of the others dies, so does this one, in the same way: the supervisor sees an attempt that is lost."""

    def __init__(self, job: Job, run_folder: Path) -> None:
        super().__init__()
        self.count = job.settings.processes
        self.lengths: Sequence[int] = ()
        self._store = dist.TCPStore("127.0.0.1", 0, self.count, is_master=True, wait_for_workers=False)
        self._place = [str(run_folder), "--attempt", str(job.attempt), "--follow"]
        self._followers: list[subprocess.Popen[bytes]] = []
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="group", daemon=True)
        self._met = False

    def __enter__(self) -> Self:
        for rank in range(1, self.count):
            where = [*self._place, str(rank), str(self._store.port)]
            command = [sys.executable, "-m", "luthier.engine", *where]
            self._followers.append(subprocess.Popen(command, stdin=subprocess.PIPE))  # noqa: S603 - arguments are ours
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        for follower in self._followers:
            follower.kill()  # it holds nothing that would be missed
            follower.wait()
        if self._met:
            dist.destroy_process_group()

    def meet(self, learner: Learner, lengths: Sequence[int]) -> None:
        self.lengths = lengths
        with self.in_company():
            join(0, self.count, self._store.port)
        self._met = True

    def gather(self, learner: Learner, step: int, indices: Sequence[int], settings: TrainingSettings) -> Gathered:
        """Raises RuntimeError with the words of a process that could not compute its share."""
        places = fair_shares([self.lengths[index] for index in indices], self.count)
        order = Order(step, tuple(tuple(indices[place] for place in share) for share in places))
        with self.in_company():
            dist.broadcast_object_list([order], 0)
            send_values(learner.trained.parameters.values)
        mine = share_of(learner, order.shares[0], settings)
        shares: list[Share] = [mine] * self.count
        with self.in_company():
            dist.gather_object(mine, shares, 0)
        for share in shares:
            if share.failure is not None:
                raise RuntimeError(share.failure)
        with self.in_company():
            add_up(learner.trained.parameters.gradients)
        whole = together(shares)
        learner.trained.parameters.gradients.div_(sum(share.weight for share in shares))
        self.others_peak_bytes = sum(share.peak_bytes for share in shares[1:])
        return whole

    @contextmanager
    def in_company(self) -> Iterator[None]:
        """A collective that breaks off has lost somebody, whose end says more than the broken connection."""
        try:
            yield
        except RuntimeError:
            self._watcher.join(_FATE_SECONDS)
            raise

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            for rank, follower in enumerate(self._followers, start=1):
                code = follower.poll()
                if code is not None:
                    _end_like(rank, code)


def _end_like(rank: int, code: int) -> Never:
    """At once, without a last word, so that the run is tried again; the system's want of memory is told as such."""
    sys.stderr.write(f"Process {rank} of this attempt has ended ({code}), so the attempt ends with it.\n")
    sys.stderr.flush()
    if code == -signal.SIGKILL:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(EXIT_GROUP_LOST)
