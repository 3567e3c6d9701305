"""The environment variables of the worker process: threads and memory allocation."""

from luthier.domain.machine import Device, Machine
from luthier.planning.decisions import Ledger
from luthier.planning.facts import worker_environment


def settle_environment(
    machine: Machine, ledger: Ledger, cores: int | None = None, device: Device = "cpu"
) -> dict[str, str]:
    """`cores` is the share of a process that does not have the machine for itself."""
    return {
        known.name: ledger.settle(
            f"environment.{known.name}", known.value.format(cores=cores or machine.cores), known.reason, "machine"
        )
        for known in worker_environment().variables
        if known.libc in ("", machine.libc) and known.device in (None, device)
    }
