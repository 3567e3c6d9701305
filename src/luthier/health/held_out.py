"""What held-out losses decide: which step was the best, and whether training has stopped to gain.

`losses` are by step; that of step 0, where there is one, is the base's. Being functions of these alone, both decisions
are the same in a run that was interrupted.
"""

from collections.abc import Mapping


def best_step(losses: Mapping[int, float]) -> int | None:
    """The first trained step with the lowest loss; None before any was measured."""
    trained = [step for step in sorted(losses) if step > 0]
    return min(trained, key=lambda step: losses[step], default=None)


def has_converged(losses: Mapping[int, float], patience: int, threshold: float) -> bool:
    """Whether the last `patience` measurements all failed to lower the loss by more than `threshold`; never for 0."""
    in_order = [losses[step] for step in sorted(losses)]
    if not patience or not in_order:
        return False
    reference, without_gain = in_order[0], 0
    for loss in in_order[1:]:
        if loss < reference - threshold:
            reference, without_gain = loss, 0
        else:
            without_gain += 1
    return without_gain >= patience
