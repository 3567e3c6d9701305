"""Facts of the data layer that are data, not code: column names and shapes, kinds of files, traps, fixes, advice."""

import re
import tomllib
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from luthier.domain.datasets import Role, Shape
from luthier.domain.findings import Level
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

    @cached_property
    def parts_of_name(self) -> dict[str, tuple[str, ...]]:
        """The parts that a name means wherever it stands."""
        found: dict[str, tuple[str, ...]] = {}
        for part, names in self.parts.items():
            for name in names.sure:
                found[name] = (*found.get(name, ()), part)
        return found


class Signature(Frozen):
    """The first bytes of a kind of file that holds no text."""

    starts_with: str  # hexadecimal
    kind: str
    reader: str = ""  # gzip, zstd, zip, parquet, arrow or sqlite, where there is one


class Opening(Frozen):
    """How the text of a kind of file begins that holds no examples."""

    starts_with: str  # in lower case
    kind: str


class SourceFacts(Frozen):
    roles: dict[str, Role]  # what sources call a role, in lower case
    signatures: tuple[Signature, ...]
    openings: tuple[Opening, ...]
    table_endings: tuple[str, ...]  # of files that hold rows
    prose_endings: tuple[str, ...]
    scenario_endings: tuple[str, ...]
    packed_endings: tuple[str, ...]
    formula: str  # the beginning of a cell that a spreadsheet would run

    @cached_property
    def formula_pattern(self) -> re.Pattern[str]:
        return re.compile(self.formula)


class Limits(Frozen):
    unpacked_bytes: int
    ratio: int
    ratio_free_bytes: int
    entries: int
    directory_bytes: int
    files: int
    row_group_bytes: int


class LegacyEncoding(Frozen):
    """By `usual` letters, or by the `leads` of characters of two bytes."""

    codec: str
    shown: str
    usual: str = ""
    in_words: bool = False  # letters of a script of its own, not accents among ASCII letters
    leads: tuple[str, ...] = ()  # ranges of the first byte, hexadecimal
    needed: tuple[str, ...] = ()  # such ranges of which some are in every text
    trail: str = "00"  # the least second byte

    @cached_property
    def lead_bytes(self) -> frozenset[int]:
        return _bytes_in(self.leads)

    @cached_property
    def needed_bytes(self) -> frozenset[int]:
        return _bytes_in(self.needed)

    @property
    def least_trail(self) -> int:
        return int(self.trail, 16)


class EncodingFacts(Frozen):
    legacy: tuple[LegacyEncoding, ...]
    fewest_bytes: int  # beyond ASCII, before an encoding is assumed from them
    fewest_sure: float  # below this an assumption is not made


class Advice(Frozen):
    """What to do about a finding; `fix` names what mends it."""

    suggestion: str = ""
    fix: str = ""


class Fix(Frozen):
    safe: bool  # has one right answer
    does: str  # what was done, as a clause


class Trap(Frozen):
    """Something inside a text that people do not see or mean."""

    code: str
    level: Level
    pattern: str
    says: str  # after the column's name; {shown} is what was found
    suggestion: str
    fix: str = ""
    mark: str = ""  # a text without it cannot hold the trap; without a mark, the trap has an odd character

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern)


class TrapFacts(Frozen):
    odd: str  # the characters of which one stands in every trap without a mark, but for mixed scripts
    other_script: str
    beside_latin: str  # letters of it and Latin ones side by side
    traps: tuple[Trap, ...]

    @cached_property
    def marked(self) -> tuple[Trap, ...]:
        return tuple(trap for trap in self.traps if trap.mark)

    @cached_property
    def unmarked(self) -> tuple[Trap, ...]:
        return tuple(trap for trap in self.traps if not trap.mark)

    @cached_property
    def odd_pattern(self) -> re.Pattern[str]:
        return re.compile(self.odd)

    @cached_property
    def mixed_patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """The first is quickly looked for, and without it the second cannot be found."""
        return re.compile(self.other_script), re.compile(self.beside_latin)


@cache
def column_facts() -> ColumnFacts:
    return ColumnFacts.model_validate(_read("columns.toml"))


@cache
def source_facts() -> SourceFacts:
    return SourceFacts.model_validate(_read("sources.toml"))


@cache
def limits() -> Limits:
    return Limits.model_validate(_read("limits.toml"))


@cache
def encoding_facts() -> EncodingFacts:
    return EncodingFacts.model_validate(_read("encodings.toml"))


@cache
def trap_facts() -> TrapFacts:
    return TrapFacts.model_validate(_read("traps.toml"))


@cache
def fix_facts() -> dict[str, Fix]:
    return {name: Fix.model_validate(entry) for name, entry in _read("fixes.toml").items()}


@cache
def probe_texts() -> tuple[str, ...]:
    """What two tokenizers have to agree on before one may stand in for the other."""
    return tuple(_read("probes.toml")["texts"])


def advice(code: str) -> Advice:
    """What helps with the finding of that short code; empty when only the sentence itself can say it."""
    return _advice().get(code, Advice())


@cache
def _advice() -> dict[str, Advice]:
    return {code: Advice.model_validate(entry) for code, entry in _read("advice.toml").items()}


def _bytes_in(ranges: tuple[str, ...]) -> frozenset[int]:
    """Of ranges such as "b0-d7"."""
    ends = [each.split("-") for each in ranges]
    return frozenset(byte for first, last in ends for byte in range(int(first, 16), int(last, 16) + 1))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
