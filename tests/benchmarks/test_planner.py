from typing import Any

from benchmarks.planner import over_rounds


def a_round(*errors: float, cpu: str = "a") -> dict[str, Any]:
    each = [{"name": str(number), "error": error} for number, error in enumerate(errors)]
    return {"row": "duration", "configurations": len(each), "machine": {"cpu": cpu}, "target": 0.15, "each": each}


def test_a_round_that_was_disturbed_does_not_decide() -> None:
    recorded = [a_round(0.1, -0.05), a_round(0.02, -0.14), a_round(0.9, 0.9, cpu="b"), a_round(0.9)]
    row = over_rounds(a_round(0.3, -0.1), recorded)
    assert (row["rounds"], row["error_of_medians"], row["within_target"]) == (3, 0.1, True)


def test_an_error_that_every_round_has_decides() -> None:
    row = over_rounds(a_round(-0.2, 0.0), [a_round(-0.18, 0.1), a_round(-0.22, -0.1)])
    assert (row["error_of_medians"], row["within_target"]) == (0.2, False)
