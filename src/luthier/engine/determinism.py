"""Decides how the worker computes: deterministic kernels, and randomness that is a function of (seed, step) alone."""

import hashlib

import torch


def compute_deterministically() -> None:
    """Same build, threads and instruction set give the same bits.

    Memory that torch hands out uninitialised is left so: filling it costs a tenth of a step, and every buffer of
    the engine is written before it is read.
    """
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False


def seed_for(seed: int, step: int, rank: int = 0) -> None:
    """Sets all of torch's randomness for one step; step 0 is the adapter's initialisation.

    Of several processes each draws numbers of its own.

    Nothing random is carried from step to step, so a resumed run draws what the uninterrupted one drew.
    """
    digest = hashlib.blake2b((f"{seed}:{step}:{rank}" if rank else f"{seed}:{step}").encode(), digest_size=8).digest()
    torch.manual_seed(int.from_bytes(digest, "little", signed=True))


def fingerprint() -> dict[str, str]:
    """What must be equal for two computations to be equal bit for bit."""
    return {
        "torch": str(torch.__version__),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "device": torch.cuda.get_device_name() if torch.cuda.is_initialized() else "cpu",
    }
