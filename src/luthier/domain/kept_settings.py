"""Settings that a person keeps in the workspace: what each is, what decides it now, and what can be wrong with one."""

from typing import Any, Literal

from luthier.domain.errors import Action, NotAllowedNow, NotFound, WrongUsage
from luthier.kit.frozen import Frozen

Takes = Literal["choice", "switch", "number", "text"]


class Setting(Frozen):
    """One that can be kept, as it is offered."""

    name: str
    section: str
    label: str
    help: str
    unit: str = ""
    none: str = ""  # what an empty value means; without it a value is needed
    at_once: bool = True  # whether a change counts from now on, or from when Luthier is started again


class SettingStanding(Setting):
    """A setting with its value now and what decided that."""

    value: str | float | bool | None
    default: str | float | bool | None
    source: Literal["default", "file", "environment"]
    variable: str  # of the environment, which wins over the file
    takes: Takes
    choices: tuple[str, ...] = ()


class Leaving(Frozen):
    """Something that is older than it is kept."""

    kind: Literal["chat", "log", "checkpoint"]
    name: str  # of the chat, the run, or the file
    reference: str  # by which it is found
    size_bytes: int
    days: float  # since it was last used


class SettingUnknown(NotFound):
    code = "settings.unknown"
    sentence = "No setting is called {name}."
    actions = (Action(label="See all settings", command="luthier settings list"),)


class SettingInvalid(WrongUsage):
    code = "settings.invalid"
    sentence = "{name} cannot be {value}: {reason}."
    actions = (Action(label="See what it takes", command="luthier settings show {name}"),)


class SettingFromEnvironment(NotAllowedNow):
    code = "settings.from_environment"
    sentence = "{name} is decided by the environment variable {variable}, which wins over the file of settings."
    actions = (
        Action(label="Remove the variable, start Luthier again, and set it then", command="unset {variable}"),
        Action(label="Or change the variable", command="export {variable}=VALUE"),
    )


class SettingsFileDamaged(WrongUsage):
    code = "settings.file_damaged"
    sentence = "The settings in {path} cannot be read: {reason}."
    actions = (
        Action(label="Mend that line of the file, which holds one `name = value` a line"),
        Action(label="Or take the setting out", command="luthier settings unset NAME"),
        Action(label="See which settings there are", command="luthier settings list"),
    )


def shown(value: Any) -> str:
    """As it is typed: a switch is on or off."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
