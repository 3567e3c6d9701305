"""Which settings of the workspace can be kept, in which order and words, read from the TOML file beside."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.domain.kept_settings import Setting


@cache
def kept_settings() -> tuple[Setting, ...]:
    document = tomllib.loads(files(__package__).joinpath("settings.toml").read_text(encoding="utf-8"))
    return tuple(
        Setting(name=name, section=section, **words)
        for section, settings in document.items()
        for name, words in settings.items()
    )
