"""Profiles of the package and of the workspace: `profiles/NAME.toml`, one profile a file, checked when it is read."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from luthier.domain.profiles import Profile, ProfileInvalid
from luthier.planning.profiles import built_in
from luthier.services.folders import Folders


class Profiles:
    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def list(self) -> tuple[Profile, ...]:
        """The user's own last; one with a built-in name replaces it. Raises ProfileInvalid."""
        own = {profile.name: profile for profile in self.own()}
        return (*(profile for profile in built_in() if profile.name not in own), *own.values())

    def own(self) -> tuple[Profile, ...]:
        return tuple(_read(path) for path in sorted(self._folders.profiles.glob("*.toml")))


def _read(path: Path) -> Profile:
    try:
        return Profile.model_validate({"name": path.stem, **tomllib.loads(path.read_text("utf-8"))})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileInvalid(path=path, where="its text", reason=str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise ProfileInvalid(path=path, where=where, reason=first["msg"][0].lower() + first["msg"][1:]) from None
