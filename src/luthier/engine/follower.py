"""A process that computes its share of each step for the leader of its group, for as long as that lives."""

import os
import signal
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Never

import torch.distributed as dist

from luthier.domain.errors import LuthierError
from luthier.domain.health import settings_at
from luthier.domain.jobs import Fact, Job
from luthier.engine.channel import Channel, Wish
from luthier.engine.determinism import compute_deterministically, seed_for
from luthier.engine.group import Order, Share, add_up, join, send_values, share_of
from luthier.engine.learner import Learner
from luthier.engine.loading import load_base
from luthier.engine.memory_use import peak_bytes
from luthier.engine.objective import Gathered
from luthier.engine.preparing import prepare
from luthier.engine.sharded_layers import ShardedLayers
from luthier.engine.sharded_step import Lend, Passes, take_passes
from luthier.engine.tasks.finetune import objective_of, trained_part
from luthier.kit.files import read_json

EXIT_FAILED = 1


class Unheard(Channel):
    """Of a process for which its leader speaks: there is no journal, and wishes come to the leader."""

    def __init__(self) -> None:
        self.phase = "loading"
        self.step = 0
        self.busy = 0

    def say(self, fact: Fact) -> None:
        """The leader says the same."""

    def progress(self, what: str, done: int, total: int) -> None:
        self.busy += 1

    def wish(self) -> Wish | None:
        return None


def follow(run_folder: Path, attempt: int, rank: int, port: int) -> int:
    """Its leader holds the other end of the standard input; when that closes, nothing here is wanted any more."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # meant for the leader, which still has a checkpoint to write
    threading.Thread(target=_end_with_leader, name="leader", daemon=True).start()
    job = Job.model_validate(read_json(run_folder / "attempts" / f"{attempt:03d}" / "job.json"))
    compute_deterministically()
    try:
        learner = _learner_of(job)
    except LuthierError:
        threading.Event().wait()  # the leader meets the same and says it; then this process ends with it
    join(rank, job.settings.processes, port)
    if job.settings.parallelism == "fsdp":
        try:
            _compute_together(learner, job, rank)
        except Exception:  # noqa: BLE001 - whatever it is, the log says it, and the leader ends with this process
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(EXIT_FAILED)
    while True:
        _take_part(learner, job, rank)


def _end_with_leader() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _learner_of(job: Job) -> Learner:
    """As the leader has it, but for the values of what is trained, which come with every step."""
    channel = Unheard()
    base = load_base(Path(job.base_folder), job.settings.precision, job.today)
    seed_for(job.settings.seed, 0)
    trained = trained_part(base, job)
    data = prepare(job, base.renderer, channel)
    objective = objective_of(job, base, data, trained)
    objective.begin(job.settings.micro_batch_tokens, channel)
    return Learner(base, trained, objective, channel)


def _compute_together(learner: Learner, job: Job, rank: int) -> Never:
    """What goes wrong here ends the process, and so its leader: the others wait for it in the middle of a pass."""
    layers = ShardedLayers(learner, rank, job.settings.processes)
    while True:
        orders: list[Passes | Lend] = [Lend()]
        dist.broadcast_object_list(orders, 0)
        match orders[0]:
            case Lend():
                with layers.lent():
                    pass
            case Passes() as passes:
                seed_for(job.settings.seed, passes.step, rank)
                settings = settings_at(passes.step, job.settings, job.remedies)
                take_passes(learner, layers, passes, settings, rank, job.settings.processes)


def _take_part(learner: Learner, job: Job, rank: int) -> None:
    orders: list[Order] = [Order(0, ())]
    dist.broadcast_object_list(orders, 0)
    order, parameters = orders[0], learner.trained.parameters
    send_values(parameters.values)
    learner.trained.refresh()
    parameters.gradients.zero_()
    seed_for(job.settings.seed, order.step, rank)
    try:
        mine = share_of(learner, order.shares[rank], settings_at(order.step, job.settings, job.remedies))
    except Exception as error:  # noqa: BLE001 - the leader has the journal, and says whatever it is
        mine = Share(Gathered(0.0, 0, 0), 0.0, failure=f"{type(error).__name__} in process {rank}: {error}")
    dist.gather_object(replace(mine, peak_bytes=peak_bytes()), None, 0)
    add_up(parameters.gradients)
