"""Semantic numbers of versions: how they are ordered, and which part a change of base, data or recipe raises."""

import re
from collections.abc import Iterable
from functools import total_ordering
from typing import Self

from luthier.domain.errors import Action, WrongUsage
from luthier.domain.recipes import Recipe
from luthier.kit.frozen import Frozen

FIRST = "0.1.0"
_NUMBER = r"0|[1-9][0-9]*"
_WORD = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_FORM = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_WORD}(?:\.{_WORD})*))?")
_LONGEST = 60  # characters


@total_ordering
class VersionNumber(Frozen):
    """Ordered as semver.org says (rule 11); build metadata (+...) is not taken, since two such numbers would tie."""

    major: int
    minor: int
    patch: int
    before: tuple[str, ...] = ()  # the words of a pre-release, e.g. ("rc", "1"); it comes before its release

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises VersionNumberWrong."""
        found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            raise VersionNumberWrong(number=text)
        major, minor, patch, before = found.groups()
        words = tuple(before.split(".")) if before else ()
        return cls(major=int(major), minor=int(minor), patch=int(patch), before=words)

    def __str__(self) -> str:
        release = f"{self.major}.{self.minor}.{self.patch}"
        return f"{release}-{'.'.join(self.before)}" if self.before else release

    def __lt__(self, other: Self) -> bool:
        return self._rank < other._rank

    @property
    def _rank(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        words = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in self.before)
        return (self.major, self.minor, self.patch, not self.before, words)

    def raised(self, part: str) -> "VersionNumber":
        """The next release with that part raised: "major", "minor" or "patch"."""
        match part:
            case "major":
                return VersionNumber(major=self.major + 1, minor=0, patch=0)
            case "minor":
                return VersionNumber(major=self.major, minor=self.minor + 1, patch=0)
            case _:
                return VersionNumber(major=self.major, minor=self.minor, patch=self.patch + 1)


class Origin(Frozen):
    """What a version was made from, as far as its number is concerned."""

    base: str  # revision: the hash of the weights
    kind: str  # adapter or model
    dataset_id: str
    recipe: Recipe | None  # None for what was registered before recipes were kept, or was merged


class Numbered(Frozen):
    number: str
    reason: str


def numbered_after(taken: Iterable[str], before: Origin | None, now: Origin) -> Numbered:
    """The number of what comes after `before`, the highest of its name; above all that are `taken`."""
    numbers = [VersionNumber.of(number) for number in taken]
    if not numbers or before is None:
        return Numbered(number=FIRST, reason="the first of its name")
    part, reason = _change(before, now)
    return Numbered(number=str(max(numbers).raised(part)), reason=f"{part}: {reason}")


def _change(before: Origin, now: Origin) -> tuple[str, str]:
    """The largest change counts: what stood on the old base cannot stand on another."""
    if before.base != now.base:
        return "major", "another base model"
    if before.kind != now.kind:
        return "major", "an adapter became a whole model" if now.kind == "model" else "a whole model became an adapter"
    if before.dataset_id != now.dataset_id:
        return "minor", "other data"
    if before.recipe is None or now.recipe is None:
        return "minor", "made in another way"
    if before.recipe.method != now.recipe.method:
        return "minor", "another method"
    if before.recipe.adapter.kind != now.recipe.adapter.kind:
        return "minor", "another kind of adapter"
    same = before.recipe.model_copy(update={"name": None}) == now.recipe.model_copy(update={"name": None})
    return "patch", "the same recipe, run again" if same else "other settings"


class VersionNumberWrong(WrongUsage):
    code = "versions.number_wrong"
    sentence = "{number} is no semantic version number: three numbers with dots, e.g. 1.0.0, or 1.0.0-rc.1 before it."
    actions = (
        Action(label="Choose another number"),
        Action(label="Or leave it out: it is counted on by what has changed"),
    )
