"""Facts of the data layer that are data, not code: column names and shapes, roles, file signatures."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from luthier.domain.datasets import Role, Shape
from luthier.kit.frozen import Frozen


class PartNames(Frozen):
    """The column names of one part of an example, in lower case."""

    sure: tuple[str, ...]
    likely: tuple[str, ...] = ()


class ShapeForm(Frozen):
    """One way in which a shape can stand in columns."""

    shape: Shape
    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        return (*self.needs, *self.may_have)


class ColumnFacts(Frozen):
    parts: dict[str, PartNames]
    shapes: tuple[ShapeForm, ...]


class Signature(Frozen):
    """The first bytes of a kind of file that holds no text."""

    starts_with: str  # hexadecimal
    kind: str


class SourceFacts(Frozen):
    roles: dict[str, Role]  # what sources call a role, in lower case
    signatures: tuple[Signature, ...]


@cache
def column_facts() -> ColumnFacts:
    return ColumnFacts.model_validate(_read("columns.toml"))


@cache
def source_facts() -> SourceFacts:
    return SourceFacts.model_validate(_read("sources.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
