"""What a plan expected beside what was measured: shown after each run, and learnt from."""

from luthier.domain.plans import Estimate
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.frozen import Frozen

_WHOLE = frozenset({RunState.EVALUATING, RunState.COMPLETING, RunState.COMPLETED})


class Truth(Frozen):
    """`measured` is None until there is something to compare."""

    name: str
    planned: Estimate
    measured: float | None
    whole: bool  # False while the run can still raise it

    @property
    def holds(self) -> bool | None:
        """Whether the truth lies in the range; None while it is not known."""
        if self.measured is None:
            return None
        if not self.whole:
            return False if self.measured > self.planned.high else None
        return self.planned.low <= self.measured <= self.planned.high

    @property
    def error(self) -> float | None:
        """How far the middle of the estimate was off, as a share of what was measured."""
        if not self.measured or not self.whole:
            return None
        return self.planned.middle / self.measured - 1


def truths_of(run: Run) -> tuple[Truth, Truth]:
    """Memory at its peak, and training time."""
    whole = run.state in _WHOLE
    return (
        Truth(name="Memory, at its peak", planned=run.plan.memory, measured=run.peak_rss_bytes, whole=whole),
        Truth(name="Training time", planned=run.plan.duration, measured=run.training_seconds or None, whole=whole),
    )
