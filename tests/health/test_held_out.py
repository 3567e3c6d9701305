import pytest

from luthier.health.held_out import best_step, has_converged


def test_the_base_is_never_the_best_step_of_a_run() -> None:
    assert best_step({0: 1.0, 5: 3.0, 10: 2.0}) == 10
    assert best_step({0: 1.0}) is None


def test_of_equal_losses_the_first_step_is_the_best() -> None:
    assert best_step({0: 9.0, 15: 2.0, 5: 2.0, 10: 4.0}) == 5


@pytest.mark.parametrize(
    ("losses", "patience", "threshold", "converged"),
    [
        ({0: 4.0, 1: 3.0, 2: 3.1, 3: 3.2}, 2, 0.0, True),
        ({0: 4.0, 1: 3.0, 2: 3.1, 3: 2.9}, 2, 0.0, False),
        ({0: 4.0, 1: 3.0, 2: 3.1}, 2, 0.0, False),
        ({0: 4.0, 1: 3.999, 2: 3.998}, 2, 0.01, True),
        ({0: 4.0, 1: 3.996, 2: 3.992, 3: 3.988}, 2, 0.01, False),  # slow, and a gain taken together
        ({0: 4.0, 1: 4.0, 2: 4.0}, 0, 0.0, False),
        ({}, 1, 0.0, False),
    ],
)
def test_training_has_converged_when_as_many_measurements_as_allowed_gained_too_little(
    losses: dict[int, float], patience: int, threshold: float, converged: bool
) -> None:
    assert has_converged(losses, patience, threshold) is converged
