"""The settings of the wizard are those of the recipe, with the choices that it has."""

from typing import Any, Literal, get_args, get_origin

import pytest

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.recipes import Budget, EvaluationSpec, HealthSpec, Recipe, TrainingSettings
from luthier.kit.frozen import Frozen
from luthier.server.web.facts import WizardSetting, wizard_groups

GROUPS: dict[str, tuple[type[Frozen], ...]] = {
    "settings": (TrainingSettings,),
    "adapter": tuple(ADAPTER_KINDS.values()),
    "budget": (Budget,),
    "health": (HealthSpec,),
    "evaluation": (EvaluationSpec,),
    "": (Recipe,),
}
REFUSED = {"settings.device": {"rocm", "mps"}}  # seen on machines, and taken by no plan
SETTINGS = [setting for group in wizard_groups() for setting in group.settings]


def kind_of(setting: WizardSetting) -> Any:
    group, _, field = setting.name.rpartition(".")
    return next(model.model_fields[field] for model in GROUPS[group] if field in model.model_fields).annotation


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_of_the_wizard_has_a_place_in_the_recipe_and_its_choices(setting: WizardSetting) -> None:
    kind = kind_of(setting)
    offered = {choice.value for choice in setting.choices}
    if setting.name == "adapter.kind":
        assert offered | {"lora"} <= set(ADAPTER_KINDS)
    elif kind is bool:
        assert offered == {"true", "false"}
    elif get_origin(kind) is Literal:
        left_to_the_default = 1 if setting.default else 0
        known = set(get_args(kind)) - REFUSED.get(setting.name, set())
        assert offered <= known
        assert len(offered) >= len(known) - left_to_the_default
    else:
        assert not offered


def test_every_number_of_the_training_loop_can_be_pinned_or_is_known_to_be_left_out() -> None:
    left_out = {"adam_beta1", "adam_beta2", "adam_epsilon", "kernels"}  # pinned in a recipe file
    shown = {setting.name.removeprefix("settings.") for setting in SETTINGS if setting.name.startswith("settings.")}
    assert set(TrainingSettings.model_fields) - shown == left_out
