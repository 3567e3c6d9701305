"""Presets: `presets/NAME/0001.yaml` and so on, each version written once; the recipe file is also how they travel.

They are files, not rows, so that they survive a lost database, can be read by anybody, and are shared by copying.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from luthier.domain.drafts import Draft
from luthier.domain.errors import LuthierError
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.presets import (
    NAME,
    ExportFormat,
    Preset,
    PresetCheck,
    PresetNameInvalid,
    PresetNotFound,
    PresetTagInvalid,
)
from luthier.domain.recipes import Recipe, RecipeInvalid, RecipeUnreadable
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_atomically, write_json
from luthier.services.drafts import Drafts
from luthier.services.folders import Folders
from luthier.services.recipe_files import parse_document, read_document
from luthier.services.recipes import check_recipe, dump_recipe, parts_of, recipe_of

_ABOUT = "about.json"  # tags, and where each version came from; without it the recipes still say everything they said
_OF_THE_DATA = frozenset({"data", "held_out", "shape", "columns", "skip_bad_rows", "name"})
_TAG = re.compile(r"\w[\w .-]{0,39}")


class Presets:
    def __init__(self, drafts: Drafts, folders: Folders, clock: Clock) -> None:
        self._drafts = drafts
        self._root = folders.presets
        self._lock = FileLock(folders.locks / "presets.lock")
        self._clock = clock

    def list(self, text: str = "", tag: str = "") -> Sequence[Preset]:
        """The newest version of each, by name; `text` is looked for in names, tags and recipes."""
        newest = (self._read(name, len(self._files(name))) for name in self._names())
        return [preset for preset in newest if (not tag or tag in preset.tags) and _says(preset, text.lower())]

    def tags(self) -> Sequence[str]:
        return sorted({tag for preset in self.list() for tag in preset.tags})

    def get(self, reference: str) -> Preset:
        """`NAME` is its newest version, `NAME@2` the second. Raises PresetNotFound."""
        name, _, number = reference.partition("@")
        count = len(self._files(name)) if name in self._names() else 0
        wanted = int(number) if number.isdecimal() else count
        if not 1 <= wanted <= count or (number and not number.isdecimal()):
            raise PresetNotFound(preset=reference, known=", ".join(self._names()) or "none yet")
        return self._read(name, wanted)

    def versions(self, name: str) -> Sequence[Preset]:
        """The newest first. Raises PresetNotFound."""
        newest = self.get(name.partition("@")[0])
        return [self._read(newest.name, number) for number in range(newest.versions, 0, -1)]

    def save(self, name: str, recipe: Recipe, *, origin: str = "", tags: Iterable[str] | None = None) -> Preset:
        """A new version, unless the newest says the same. Raises PresetNameInvalid, PresetTagInvalid."""
        if not re.fullmatch(NAME, name):
            raise PresetNameInvalid(name=name, reason="empty" if not name else "it has other letters, or is too long")
        wanted_tags = None if tags is None else _tidied(tags)
        with self._lock:
            files = self._files(name)
            text = dump_recipe(recipe).encode()
            about = self._about(name)
            if not files or files[-1].read_bytes() != text:
                number = len(files) + 1
                write_atomically(self._file(name, number), text)
                about.setdefault("versions", {})[str(number)] = {"saved_at": self._clock.now(), "origin": origin}
            if wanted_tags is not None:
                about["tags"] = wanted_tags
            write_json(self._root / name / _ABOUT, about)
        return self.get(name)

    def save_draft(self, name: str, draft_id: str, tags: Iterable[str] | None = None) -> Preset:
        """Raises DraftIncomplete and RecipeInvalid for a draft that is no recipe yet."""
        draft = self._drafts.get(draft_id)
        return self.save(name, self._drafts.recipe(draft), origin=draft.origin or "the wizard", tags=tags)

    def tag(self, name: str, tags: Iterable[str]) -> Preset:
        """Instead of those it had."""
        preset, wanted = self.get(name), _tidied(tags)
        with self._lock:
            write_json(self._root / preset.name / _ABOUT, {**self._about(preset.name), "tags": wanted})
        return self.get(preset.name)

    def delete(self, name: str) -> Preset:
        """All its versions. Runs that were made from it keep their recipe."""
        preset = self.get(name)
        with self._lock:
            shutil.rmtree(self._root / preset.name)
        return preset

    def check(self, file: str, text: str, name: str = "") -> PresetCheck:
        """Looks only; never raises for what the text says."""
        try:
            checked = check_recipe(parse_document(Path(file), text))
        except (RecipeUnreadable, RecipeInvalid) as error:
            return PresetCheck(file=file, name=name, recipe=None, findings=(_as_finding(error, file),))
        wanted = name or _name_for(checked.recipe, file)
        known = next((each for each in self.list() if each.name == wanted), None)
        same = known is not None and checked.recipe is not None and known.recipe == checked.recipe
        return PresetCheck(file=file, name=wanted, recipe=checked.recipe, findings=checked.findings, is_known=same)

    def bring_in(self, file: str, text: str, name: str = "", tags: Iterable[str] | None = None) -> Preset:
        """Saves what `check` shows. Raises RecipeUnreadable and RecipeInvalid, which name the first mistake."""
        recipe = recipe_of(parse_document(Path(file), text))
        return self.save(name or _name_for(recipe, file), recipe, origin=f"the file {file}", tags=tags)

    def export(self, reference: str, form: ExportFormat = "yaml") -> str:
        """A recipe file: `bring_in` and `luthier train` read it back as the same recipe."""
        recipe = self.recipe(reference)
        if form == "yaml":
            return dump_recipe(recipe)
        values = recipe.model_dump(mode="json", exclude_defaults=True)
        return orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n"

    def recipe(self, reference: str) -> Recipe:
        """Raises PresetNotFound, and RecipeInvalid or RecipeUnreadable for a file that was damaged."""
        preset = self.get(reference)
        return recipe_of(read_document(self._file(preset.name, preset.version)))

    def into_draft(self, reference: str, draft: Draft | None = None) -> Draft:
        """A new draft with all it says; or into `draft`, which keeps the examples it has chosen already."""
        preset = self.get(reference)
        parts, origin = parts_of(self.recipe(preset.label)), f"the preset {preset.label}"
        if draft is None:
            return self._drafts.begin(parts, origin=origin, step="data")
        if draft.values.get("data"):
            parts = {name: value for name, value in parts.items() if name not in _OF_THE_DATA}
        return self._drafts.change(draft.draft_id, parts)

    def _read(self, name: str, number: int) -> Preset:
        path = self._file(name, number)
        about = self._about(name)
        known = about.get("versions", {}).get(str(number), {})
        recipe, problem = None, None
        try:
            recipe = recipe_of(read_document(path))
        except LuthierError as error:
            problem = error.problem
        return Preset(
            name=name,
            version=number,
            versions=len(self._files(name)),
            tags=tuple(about.get("tags", ())),
            origin=known.get("origin", ""),
            saved_at=known.get("saved_at") or datetime.fromtimestamp(path.stat().st_mtime, UTC),
            recipe=recipe,
            problem=problem,
        )

    def _about(self, name: str) -> dict[str, Any]:
        path = self._root / name / _ABOUT
        return dict(read_json(path)) if path.is_file() else {}

    def _names(self) -> Sequence[str]:
        folders = self._root.iterdir() if self._root.is_dir() else ()
        return sorted(each.name for each in folders if re.fullmatch(NAME, each.name) and self._files(each.name))

    def _files(self, name: str) -> Sequence[Path]:
        return sorted((self._root / name).glob("[0-9][0-9][0-9][0-9].yaml"))

    def _file(self, name: str, number: int) -> Path:
        return self._root / name / f"{number:04d}.yaml"


def _says(preset: Preset, text: str) -> bool:
    said = (preset.name, *preset.tags, dump_recipe(preset.recipe) if preset.recipe else "")
    return all(any(word in each.lower() for each in said) for word in text.split())


def _tidied(tags: Iterable[str]) -> list[str]:
    wanted = sorted({tag.strip() for tag in tags if tag.strip()})
    for tag in wanted:
        if not _TAG.fullmatch(tag):
            raise PresetTagInvalid(tag=tag)
    return wanted


def _name_for(recipe: Recipe | None, file: str) -> str:
    """The recipe's own, or the file's, in the letters that a preset's name has."""
    wanted = (recipe.name if recipe else None) or Path(file).stem
    return re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")[:60] or "recipe"


def _as_finding(error: LuthierError, file: str) -> Finding:
    return Finding(
        code=error.problem.code,
        level=Level.ERROR,
        sentence=error.problem.sentence,
        place=Place(file=file),
        suggestion="docs/guide/presets.md shows a recipe file.",
        actions=error.problem.actions,
    )
