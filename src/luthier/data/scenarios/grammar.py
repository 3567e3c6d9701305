"""The grammar of tools and categories: built in, and extended by a TOML file of the user."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from luthier.data.scenarios.facts import read_facts
from luthier.data.scenarios.values import Kind, Slot, read_value
from luthier.domain.scenarios import ScenarioGrammarWrong
from luthier.kit.frozen import Frozen

GRAMMAR_FILE = "scenarios.toml"  # beside the scenarios, or above them
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_OF_EVERY_CHARACTER = {
    "class": Kind.TEXT,
    "level": Kind.INTEGER,
    "health": Kind.GAUGE,
    "experience": Kind.INTEGER,
    "inventory": Kind.ITEMS,
}


class Equal(Frozen):
    """The result repeats what was asked for."""

    kind: Literal["equal"]
    result: str
    argument: str


class Throw(Frozen):
    """There are as many rolls as dice, and no die shows what it has not."""

    kind: Literal["dice"]
    rolls: str
    dice: str


class Sum(Frozen):
    """The result is a sum; of rolls, those that the dice keep."""

    kind: Literal["sum"]
    result: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    dice: str = ""


class Threshold(Frozen):
    """The result says whether a value reaches an argument; it says nothing where the argument is not given."""

    kind: Literal["threshold"]
    result: str
    value: str
    against: str
    reached: str
    missed: str


Check = Annotated[Equal | Throw | Sum | Threshold, Field(discriminator="kind")]


class Tool(Frozen):
    description: str
    subject: str = ""  # the argument that is written without its name
    arguments: dict[str, Slot] = {}
    results: dict[str, Slot]
    checks: tuple[Check, ...] = ()

    @property
    def outcome(self) -> Threshold | None:
        return next((check for check in self.checks if isinstance(check, Threshold)), None)

    @property
    def throw(self) -> Throw | None:
        return next((check for check in self.checks if isinstance(check, Throw)), None)

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        if self.subject and self.subject not in self.arguments:
            raise ValueError(f"the subject {self.subject!r} is none of the arguments")
        for name, slot in (*self.arguments.items(), *self.results.items()):
            _check_slot(name, slot)
        for check in self.checks:
            _check_check(self, check)
        return self


class Grammar(Frozen):
    categories: tuple[str, ...]
    character: dict[str, Slot]
    tools: dict[str, Tool]

    @property
    def outcomes(self) -> frozenset[str]:
        """Every word that can label a branch of the story."""
        marks = [tool.outcome for tool in self.tools.values()]
        return frozenset(word for mark in marks if mark for word in (mark.reached, mark.missed))

    @model_validator(mode="after")
    def _has_what_scenarios_need(self) -> Self:
        for name in self.tools:
            if not _NAME.fullmatch(name):
                raise ValueError(f"the tool {name!r} needs a name of small letters, digits and dashes")
        for name, slot in self.character.items():
            _check_slot(name, slot)
        for name, kind in _OF_EVERY_CHARACTER.items():
            if name not in self.character or self.character[name].type is not kind or not self.character[name].required:
                raise ValueError(f"characters need {name!r}, a required field of the type {kind.value}")
        return self


@cache
def built_in_grammar() -> Grammar:
    return Grammar.model_validate(read_facts("grammar.toml"))


def read_grammar(path: Path) -> Grammar:
    """The built-in grammar with the parts of this file in it; raises ScenarioGrammarWrong."""
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        merged = _merged(read_facts("grammar.toml"), own)
        return Grammar.model_validate(merged)
    except OSError as error:
        raise ScenarioGrammarWrong(path=path, reason=error.strerror or str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ScenarioGrammarWrong(path=path, reason=f"at {place}: {first['msg']}", details=str(error)) from error
    except ValueError as error:
        raise ScenarioGrammarWrong(path=path, reason=str(error)) from error


def grammar_for(path: Path) -> Grammar:
    """That of the nearest folder, from this one upwards, that has one; else the built-in one."""
    folder = (path if path.is_dir() else path.parent).absolute()
    own = (each / GRAMMAR_FILE for each in (folder, *folder.parents))
    found = next((file for file in own if file.is_file()), None)
    return built_in_grammar() if found is None else read_grammar(found)


def _merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Categories add up; tools and fields of characters are replaced as wholes."""
    merged = ours | theirs
    merged["categories"] = list(dict.fromkeys([*ours["categories"], *_listed(theirs.get("categories", []))]))
    for table in ("tools", "character"):
        part = theirs.get(table, {})
        if not isinstance(part, dict):
            raise ValueError(f"{table} is no table")
        merged[table] = ours[table] | part
    return merged


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("categories is no list")
    return value


def _check_slot(name: str, slot: Slot) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"the field {name!r} needs a name of small letters, digits and dashes")
    if slot.type is Kind.CHOICE and not slot.choices:
        raise ValueError(f"the choice {name!r} has no choices")
    if slot.default and read_value(slot, slot.default) is None:
        raise ValueError(f"the default of {name!r} is not {slot.expected}")


def _check_check(tool: Tool, check: Check) -> None:
    match check:
        case Equal():
            _needs(tool.results, check.result)
            _needs(tool.arguments, check.argument)
            if tool.results[check.result].type is not tool.arguments[check.argument].type:
                raise ValueError(f"{check.result!r} and {check.argument!r} are of different types")
        case Throw():
            _needs(tool.results, check.rolls, Kind.INTEGERS)
            _needs(tool.results, check.dice, Kind.DICE)
        case Sum():
            _needs(tool.results, check.result, Kind.INTEGER, Kind.SIGNED)
            for name in (*check.plus, *check.minus):
                _needs(tool.results, name, Kind.INTEGER, Kind.SIGNED, Kind.INTEGERS)
            if check.dice:
                _needs(tool.results, check.dice, Kind.DICE)
        case Threshold():
            _needs(tool.results, check.result, Kind.CHOICE)
            _needs(tool.results, check.value, Kind.INTEGER, Kind.SIGNED)
            _needs(tool.arguments, check.against, Kind.INTEGER, Kind.SIGNED)
            if {check.reached, check.missed} != set(tool.results[check.result].choices):
                raise ValueError(f"the choices of {check.result!r} are not those of its check")


def _needs(slots: dict[str, Slot], name: str, *kinds: Kind) -> None:
    if name not in slots:
        raise ValueError(f"a check speaks of {name!r}, which is not there")
    if kinds and slots[name].type not in kinds:
        raise ValueError(f"{name!r} has to be of the type {' or '.join(kind.value for kind in kinds)}")
