import pytest

from luthier.domain.adapters import DoraSettings
from luthier.domain.version_numbers import Origin, VersionNumber, VersionNumberWrong, numbered_after
from tests.builders.recipes import a_recipe

BEFORE = Origin(base="0f", kind="adapter", dataset_id="ds_1", recipe=a_recipe())


@pytest.mark.parametrize(
    ("changes", "number", "reason"),
    [
        ({"base": "aa"}, "1.0.0", "major: another base model"),
        ({"kind": "model"}, "1.0.0", "major: an adapter became a whole model"),
        ({"dataset_id": "ds_2"}, "0.3.0", "minor: other data"),
        ({"recipe": a_recipe(method="cpt")}, "0.3.0", "minor: another method"),
        ({"recipe": a_recipe(adapter=DoraSettings(kind="dora"))}, "0.3.0", "minor: another kind of adapter"),
        ({"recipe": a_recipe(settings={"epochs": 5})}, "0.2.5", "patch: other settings"),
        ({"recipe": a_recipe(name="renamed")}, "0.2.5", "patch: the same recipe, run again"),
        ({"recipe": None}, "0.3.0", "minor: made in another way"),
        ({"base": "aa", "dataset_id": "ds_2"}, "1.0.0", "major: another base model"),
    ],
)
def test_the_largest_change_says_which_part_is_raised(changes: dict[str, object], number: str, reason: str) -> None:
    found = numbered_after(["0.1.0", "0.2.4"], BEFORE, BEFORE.model_copy(update=changes))
    assert (found.number, found.reason) == (number, reason)


def test_the_first_of_a_name_is_0_1_0() -> None:
    assert numbered_after([], None, BEFORE).number == "0.1.0"


def test_a_candidate_comes_before_its_release() -> None:
    assert VersionNumber.of("1.0.0-rc.2") < VersionNumber.of("1.0.0-rc.10") < VersionNumber.of("1.0.0")


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+build", "v1.0.0", "1.0.0 ", "9" * 80]
)
def test_what_is_no_number_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(VersionNumberWrong, match=r"1\.0\.0-rc\.1"):
        VersionNumber.of(text)
