"""What either side of a row writes down of itself; here, because the environment of the peers has nothing of ours."""

import json
import resource
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def write_measure(
    result: Path,
    amount: float,
    seconds: float,
    outcome: Sequence[float],
    packages: Sequence[str],
    details: Mapping[str, float] | None = None,
    versions: Mapping[str, str] | None = None,
) -> None:
    """`amount` of the row's unit took `seconds`; `outcome` shows that both sides did the same work.

    `versions` are those of programs that another environment has than the one that measures.
    """
    measure = {
        "per_second": amount / seconds if seconds else 0,
        "amount": amount,
        "seconds": seconds,
        "peak_bytes": 1024 * max(resource.getrusage(who).ru_maxrss for who in _PROCESSES),
        "outcome": list(outcome),
        "versions": {name: version(name) for name in packages} | dict(versions or {}),
        "details": dict(details or {}),
    }
    result.write_text(json.dumps(measure))
