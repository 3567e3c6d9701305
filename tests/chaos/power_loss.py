"""Loses power at every moment of a protocol, in every way, and looks whether what was confirmed is still there."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.crash_states import State, lay_out, ops_of, states_after
from tests.chaos.protocols import PROTOCOLS
from tests.chaos.traces import traced

_IN_MEMORY = Path("/dev/shm")


@dataclass
class PowerLosses:
    states: int = 0  # moment x what was kept
    distinct: int = 0  # of which so many look different
    failures: list[str] = field(default_factory=list)


def lose_power(protocol: str, most_choices: int) -> PowerLosses:
    losses = PowerLosses()
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as scratch:
        base = Path(scratch).resolve() / "base"
        base.mkdir()
        trace = ops_of(traced("tests.chaos.protocols", str(base), protocol), base)
        assert sum(op.kind == "flush" for op in trace.ops) > 1, "the trace holds no protocol"
        seen: set[State] = set()
        for state in states_after(trace, most_choices):
            losses.states += 1
            if state not in seen:
                seen.add(state)
                losses.failures += _wrong(protocol, state, Path(scratch) / "after")
        losses.distinct = len(seen)
    return losses


def _wrong(protocol: str, state: State, folder: Path) -> list[str]:
    folder.mkdir()
    try:
        lay_out(state, folder)
        PROTOCOLS[protocol].must_hold(folder, state.acks)
    except AssertionError as error:
        return [f"{error} (after {state.acks}: {[name for name, _ in state.files]})"]
    finally:
        shutil.rmtree(folder)
    return []
