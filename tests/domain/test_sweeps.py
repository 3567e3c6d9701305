import pytest

from luthier.domain.sweeps import SweepInvalid, members_of


def test_a_sweep_tries_every_combination_once_and_in_order() -> None:
    members = members_of("sweep_1", {"settings.learning_rate": [1e-4, 3e-4], "adapter.rank": [8, 16]})
    assert [member.label for member in members] == [
        "learning_rate=0.0001, rank=8",
        "learning_rate=0.0001, rank=16",
        "learning_rate=0.0003, rank=8",
        "learning_rate=0.0003, rank=16",
    ]
    assert {member.sweep_id for member in members} == {"sweep_1"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "no setting was given"),
        ({"settings.epochs": [1]}, "epochs needs at least two values"),
        ({"settings.epochs": [1, 1]}, "two values that differ"),
        ({"settings.seed": list(range(33))}, "33 runs, and 32 are the most"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_the_reason(values: dict[str, list[int]], why: str) -> None:
    with pytest.raises(SweepInvalid, match=why):
        members_of("sweep_1", values)
