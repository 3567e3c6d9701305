"""The settings that stand in the wizard: which, in what order, with which words and choices. Read from wizard.toml."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.kit.frozen import Frozen


class Choice(Frozen):
    value: str
    label: str


class WizardSetting(Frozen):
    """A field that pins one part of the recipe; left empty, the planner decides."""

    name: str  # of the recipe's part, e.g. "settings.epochs"
    label: str
    help: str
    unit: str = ""
    choices: tuple[Choice, ...] = ()  # none: a number or text is typed
    default: str = ""  # how the choice of nothing is called; empty where it is the planner's

    @property
    def slug(self) -> str:
        """As an id in a page."""
        return self.name.replace(".", "-").replace("_", "-")

    @property
    def decision(self) -> str:
        """The plan's name for it."""
        return self.name.removeprefix("settings.")


class WizardGroup(Frozen):
    title: str
    says: str
    is_folded: bool = False
    settings: tuple[WizardSetting, ...]


@cache
def wizard_groups() -> tuple[WizardGroup, ...]:
    document = tomllib.loads(files(__package__).joinpath("wizard.toml").read_text("utf-8"))
    return tuple(WizardGroup.model_validate(group) for group in document["groups"])


def setting_names() -> frozenset[str]:
    return frozenset(setting.name for group in wizard_groups() for setting in group.settings)
