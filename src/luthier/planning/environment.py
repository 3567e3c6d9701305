"""The environment variables of the worker process: threads and memory allocation."""

from luthier.domain.machine import Machine
from luthier.planning.decisions import Ledger
from luthier.planning.facts import worker_environment


def settle_environment(machine: Machine, ledger: Ledger) -> dict[str, str]:
    return {
        known.name: ledger.settle(
            f"environment.{known.name}", known.value.format(cores=machine.cores), known.reason, "machine"
        )
        for known in worker_environment().variables
        if not known.libc or machine.libc == known.libc
    }
