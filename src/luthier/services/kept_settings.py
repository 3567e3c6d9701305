"""The settings that a person keeps: one file in the workspace, below the environment and above the defaults."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from luthier.domain.kept_settings import (
    Setting,
    SettingFromEnvironment,
    SettingInvalid,
    SettingsFileDamaged,
    SettingStanding,
    SettingUnknown,
    Takes,
    shown,
)
from luthier.kit.files import write_atomically
from luthier.planning.costs import is_region, regions
from luthier.services.facts import kept_settings
from luthier.services.folders import Folders
from luthier.settings import Settings

_BY_NAME = {setting.name: setting for setting in kept_settings()}
_WORDS = {"on": True, "off": False, "yes": True, "no": False, "": None, "none": None}


class KeptSettings:
    """Over what the environment and the caller have given, which wins. Several processes may change the file."""

    def __init__(self, given: Settings, folders: Folders) -> None:
        self.given = given
        self._path = folders.settings
        self._lock = FileLock(folders.locks / "settings.lock", timeout=10)
        self._seen: tuple[int, int] | None = None
        self._current = given

    def read(self) -> Settings:
        """Raises SettingsFileDamaged."""
        kept = {name: value for name, value in self._kept().items() if not self._is_given(name)}
        return self.given.model_copy(update=kept)

    def current(self) -> Settings:
        """As the file says now. While it cannot be read, what it said before counts; `fault` says so."""
        seen = _stamp(self._path)
        if seen != self._seen:
            self._seen = seen
            if self.fault() is None:
                self._current = self.read()
        return self._current

    def fault(self) -> SettingsFileDamaged | None:
        try:
            self._kept()
        except SettingsFileDamaged as error:
            return error
        return None

    def list(self) -> tuple[SettingStanding, ...]:
        """In the order in which they are shown. Raises SettingsFileDamaged."""
        settings, kept = self.read(), self._kept()
        return tuple(self._standing(setting, settings, setting.name in kept) for setting in kept_settings())

    def get(self, name: str) -> SettingStanding:
        """Raises SettingUnknown."""
        _known(name)
        return next(standing for standing in self.list() if standing.name == name)

    def check(self, name: str, text: str) -> Any:
        """What `text` means for this setting. Raises SettingUnknown, SettingFromEnvironment or SettingInvalid."""
        _known(name)
        if self._is_given(name):
            raise SettingFromEnvironment(name=name, variable=_variable(name))
        value = _meaning(name, text)
        try:
            return _valid(name, value)
        except ValueError as error:
            raise SettingInvalid(name=name, value=text.strip() or "empty", reason=error) from None

    def change(self, values: Mapping[str, str]) -> None:
        """All of them or none; an empty text leaves the choice to the default. Raises as `check`."""
        checked = {name: self.check(name, text) for name, text in values.items()}
        self._write({name: None if value == _default(name) else value for name, value in checked.items()})

    def unset(self, name: str) -> None:
        """Also takes out what makes the file unreadable. Raises SettingUnknown when neither file nor list has it."""
        if name not in _BY_NAME and not any(_sets(name).match(line) for line in self._text().splitlines()):
            raise SettingUnknown(name=name)
        self._write({name: None})

    def _standing(self, setting: Setting, settings: Settings, is_kept: bool) -> SettingStanding:
        name = setting.name
        source = "environment" if self._is_given(name) else "file" if is_kept else "default"
        takes, choices = _takes(name)
        return SettingStanding.model_validate(
            {
                **setting.model_dump(),
                "value": getattr(settings, name),
                "default": _default(name),
                "source": source,
                "variable": _variable(name),
                "takes": takes,
                "choices": choices,
            }
        )

    def _is_given(self, name: str) -> bool:
        return name in self.given.model_fields_set

    def _text(self) -> str:
        return self._path.read_text(encoding="utf-8", errors="replace") if self._path.exists() else ""

    def _kept(self) -> dict[str, Any]:
        try:
            kept = tomllib.loads(self._text())
        except tomllib.TOMLDecodeError as error:
            raise SettingsFileDamaged(path=self._path, reason=str(error).rstrip(".").lower()) from None
        for name, value in kept.items():
            if name not in _BY_NAME:
                raise SettingsFileDamaged(path=self._path, reason=f"{name} is no setting that can be kept there")
            try:
                kept[name] = _valid(name, value)
            except ValueError as error:
                raise SettingsFileDamaged(path=self._path, reason=f"{name} is {shown(value)}, but {error}") from None
        return kept

    def _write(self, values: Mapping[str, Any]) -> None:
        """Changes the lines of these settings and leaves every other as a person wrote it."""
        with self._lock:
            lines = self._text().splitlines()
            for name, value in values.items():
                lines = _with(lines, name, value)
            write_atomically(self._path, "".join(f"{line}\n" for line in lines).encode())


def _with(lines: list[str], name: str, value: Any) -> list[str]:
    places = [place for place, line in enumerate(lines) if _sets(name).match(line)]
    written = [] if value is None else [f"{name} = {json.dumps(value)}"]
    at = places[0] if places else len(lines)
    return [*lines[:at], *written, *(line for place, line in enumerate(lines[at:], at) if place not in places)]


def _sets(name: str) -> re.Pattern[str]:
    return re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*=""")


def _known(name: str) -> Setting:
    if name not in _BY_NAME:
        raise SettingUnknown(name=name)
    return _BY_NAME[name]


def _field(name: str) -> FieldInfo:
    return Settings.model_fields[name]


def _default(name: str) -> Any:
    return _field(name).default


def _variable(name: str) -> str:
    return f"{Settings.model_config['env_prefix']}{name}".upper()


def _takes(name: str) -> tuple[Takes, tuple[str, ...]]:
    if name == "region":
        return "choice", regions()
    annotation = _field(name).annotation
    kinds = set(get_args(annotation) or (annotation,))
    if bool in kinds:
        return "switch", ()
    if kinds & {int, float}:
        return "number", ()
    return ("text", ()) if kinds == {str} else ("choice", get_args(annotation))


def _meaning(name: str, text: str) -> Any:
    """An empty text is the default; a switch is on or off."""
    text = text.strip()
    if not text:
        return _default(name)
    return _WORDS.get(text.lower(), text) if _takes(name)[0] in ("switch", "number") else text


def _valid(name: str, value: Any) -> Any:
    """Raises ValueError with what would be right."""
    if name == "region" and not (isinstance(value, str) and is_region(value)):
        raise ValueError(f"it is one of {', '.join(regions())}")
    field = _field(name)
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        return TypeAdapter[Any](annotation).validate_python(value)
    except ValidationError as error:
        raise ValueError(_reason(error)) from None


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    match first["type"]:
        case "string_pattern_mismatch":
            return "it is three capital letters, such as EUR"
        case "bool_parsing" | "bool_type":
            return "it is on or off"
        case _:
            return first["msg"].removeprefix("Input ").rstrip(".").replace("should", "it should", 1)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
