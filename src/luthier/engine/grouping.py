"""Which group takes a job's steps: one process, several that hold the model each, or several that divide it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luthier.domain.jobs import Job
from luthier.engine.group import Alone, Group
from luthier.engine.leader import Leader
from luthier.engine.sharding_leader import ShardingLeader


@contextmanager
def group_of(job: Job, run_folder: Path) -> Iterator[Group]:
    """As many processes as the job's settings want. They begin to load at once."""
    if job.settings.processes == 1:
        yield Alone()
        return
    leader = ShardingLeader if job.settings.parallelism == "fsdp" else Leader
    with leader(job, run_folder) as group:
        yield group
