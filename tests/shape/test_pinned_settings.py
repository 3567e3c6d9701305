import pytest
from pydantic import ValidationError

from luthier.domain.recipes import PinnedSettings, TrainingSettings


def test_every_setting_of_the_loop_can_be_pinned_and_nothing_else() -> None:
    assert set(PinnedSettings.model_fields) == set(TrainingSettings.model_fields)


def test_a_recipe_pins_nothing_by_itself() -> None:
    assert PinnedSettings().model_dump(exclude_none=True) == {}


@pytest.mark.parametrize(
    ("name", "outside"), [("learning_rate", 0.5), ("batch_size", 0), ("epochs", -1), ("schedule", "zigzag")]
)
def test_a_pin_outside_its_limits_is_refused_like_the_setting_itself(name: str, outside: object) -> None:
    with pytest.raises(ValidationError, match=name):
        PinnedSettings.model_validate({name: outside})
