"""Versions: adapters and models that were registered, with everything needed to trust and to repeat them."""

import re
from datetime import datetime
from typing import Any, Literal

from luthier.domain.errors import Action, NotAllowedNow, NotFound, WrongUsage
from luthier.domain.recipes import Recipe
from luthier.domain.version_numbers import Origin, VersionNumber
from luthier.kit.frozen import Frozen

MOST_TAGS, LONGEST_NOTE = 20, 4000
_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

Descent = Literal["follows", "merged from", "tuned from", "same files as"]


class Parent(Frozen):
    """A version that this one comes from."""

    version_id: str
    label: str
    how: Descent
    weight: float | None = None  # in a merge


class Version(Frozen):
    version_id: str
    name: str  # what it is called, e.g. "workshop-orders"
    number: str  # semantic version within the name, e.g. "0.1.0"
    number_reason: str = ""  # what raised it
    run_id: str  # that trained it; of a merged one, the run whose data and system message it is asked with
    base_name: str
    base_folder: str
    base_revision: str
    licence: str
    kind: Literal["adapter", "model"] = "adapter"  # a small part for its base, or a whole model of its own
    adapter_folder: str  # absolute; of the model when it is one
    adapter_sha256: str
    dataset_id: str
    recipe: Recipe | None = None
    data_sha256: dict[str, str] = {}  # "train", "held_out" -> hash of the examples as the run read them
    environment: dict[str, str] = {}  # packages and their versions, system
    merging: dict[str, Any] = {}  # of a merged one: the method and its settings
    parents: tuple[Parent, ...] = ()
    summary: dict[str, Any]
    tags: tuple[str, ...] = ()
    notes: str = ""
    created_at: datetime

    @property
    def label(self) -> str:
        return f"{self.name}@{self.number}"

    @property
    def order(self) -> VersionNumber:
        return VersionNumber.of(self.number)

    @property
    def origin(self) -> Origin:
        return Origin(base=self.base_revision, kind=self.kind, dataset_id=self.dataset_id, recipe=self.recipe)

    @property
    def weights_file(self) -> str:
        """In its folder; the one whose hash it carries."""
        return "adapter_model.safetensors" if self.kind == "adapter" else "model.safetensors"

    def has(self, words: str) -> bool:
        """Whether all of `words` stand somewhere in what people know it by."""
        known = (self.label, self.version_id, self.base_name, self.dataset_id, self.licence, self.notes, *self.tags)
        text = " ".join(known).lower()
        return all(word in text for word in words.lower().split())


def tagged(tags: tuple[str, ...], tag: str) -> tuple[str, ...]:
    """Raises VersionTagWrong."""
    if not _TAG.fullmatch(tag):
        reason = "it has 1 to 40 small letters, digits, dots, dashes and underscores, a letter or digit first"
        raise VersionTagWrong(tag=tag, reason=reason)
    if tag not in tags and len(tags) >= MOST_TAGS:
        raise VersionTagWrong(tag=tag, reason=f"a version has at most {MOST_TAGS} tags")
    return tuple(sorted({*tags, tag}))


class VersionNotFound(NotFound):
    code = "versions.not_found"
    sentence = "No version is called {name}."
    actions = (Action(label="See all versions", command="luthier versions list"),)


class VersionNameAmbiguous(NotFound):
    code = "versions.name_ambiguous"
    sentence = "{name} could be any of {candidates}."
    actions = (Action(label="Give more of the id", command="luthier versions list"),)


class RewardModelSilent(WrongUsage):
    code = "versions.reward_model_silent"
    sentence = "{name} is a reward model: it scores answers and writes none."
    actions = (
        Action(label="Choose a model that answers", command="luthier versions list"),
        Action(label="See how its scores are read: docs/guide/training.md, Reward models"),
    )


class VersionExists(NotAllowedNow):
    code = "versions.exists"
    sentence = "There is a version {version} already."
    actions = (
        Action(label="See it", command="luthier versions show {version}"),
        Action(label="Or leave the number out: it is counted on by what has changed"),
    )


class VersionNameWrong(WrongUsage):
    code = "versions.name_wrong"
    sentence = "A version cannot be called {name}: {reason}."
    actions = (Action(label="Choose a name of letters, digits, dots, dashes and underscores"),)


class VersionTagWrong(WrongUsage):
    code = "versions.tag_wrong"
    sentence = "The tag {tag} cannot be given: {reason}."
    actions = (Action(label="Choose another tag, e.g. production or kept"),)


class VersionNoteTooLong(WrongUsage):
    code = "versions.note_too_long"
    sentence = "The note has {length} characters, and at most {most} are kept with a version."
    actions = (Action(label="Shorten it, or keep it elsewhere and note where"),)


class VersionKept(NotAllowedNow):
    code = "versions.kept"
    sentence = "{version} cannot be removed: {reason}."
    actions = (
        Action(label="See where it serves", command="luthier deployments list"),
        Action(label="See its tags", command="luthier versions show {version}"),
    )


class VersionFilesDamaged(NotAllowedNow):
    code = "versions.files_damaged"
    sentence = "The files of {version} are not as they were registered: {reason}."
    actions = (
        Action(label="Choose another version", command="luthier versions list"),
        Action(label="Or get its files back from a backup", command="luthier backups list"),
    )
