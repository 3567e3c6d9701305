"""How many processes divide each step, and whether they divide the base. More than one is only for who asks."""

from luthier.domain.machine import Device
from luthier.domain.recipes import DIVIDING_METHODS, SHARDING_METHODS, Method, ProcessesUnused, ShardingUnusable
from luthier.planning.decisions import Ledger
from luthier.planning.load import Load

_REASON = "All cores compute for one process already; a second one would hold the base once more."


def settle_processes(method: Method, batch_size: int, ledger: Ledger, device: Device) -> int:
    """Raises ProcessesUnused when the recipe wants more than there is work for."""
    count = ledger.settle("processes", 1, _REASON, "machine")
    if count > 1 and device != "cpu":
        raise ProcessesUnused(count=count, reason="a run has one GPU, and one process computes on it")
    if count > 1 and method not in DIVIDING_METHODS:
        raise ProcessesUnused(count=count, reason=f"{method} looks at each batch as a whole")
    if count > batch_size:
        raise ProcessesUnused(count=count, reason=f"a batch has {batch_size} examples to divide")
    return count


def settle_parallelism(method: Method, load: Load, ledger: Ledger) -> str:
    """Raises ShardingUnusable when the recipe wants layers divided that cannot be."""
    kind = ledger.settle("parallelism", "ddp", "Whole layers are computed without waiting for anybody.", "default")
    if kind == "ddp":
        return kind
    if load.processes == 1:
        raise ShardingUnusable(reason="the run has one process")
    if method not in SHARDING_METHODS:
        raise ShardingUnusable(reason=f"processes that train with {method} take passes of their own, not in step")
    if load.precision == "nf4":
        raise ShardingUnusable(reason="a base in nf4 cannot be cut into parts")
    return kind
