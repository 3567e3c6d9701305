"""Reads a person's YAML file of words and templates for augmenting; every word in it is text, also `no` and `12`."""

from pathlib import Path
from typing import Any

import yaml

from luthier.domain.derivations import WordListUnreadable
from luthier.kit.files import NoSmallText, read_small_text

_MOST_BYTES = 1_000_000
_PARTS = ("words", "lists", "templates")


def read_word_file(path: Path) -> dict[str, Any]:
    """The parts of the file that an augmentation takes; raises WordListUnreadable. What they hold is checked later."""
    try:
        text = read_small_text(path, _MOST_BYTES)
    except NoSmallText as error:
        raise WordListUnreadable(path=path, reason=error) from None
    document = _from_yaml(path, text)
    if not isinstance(document, dict) or not document:
        raise WordListUnreadable(path=path, reason=f"it does not begin with one of {', '.join(_PARTS)}")
    if unknown := [str(key) for key in document if key not in _PARTS]:
        raise WordListUnreadable(path=path, reason=f"it has {unknown[0]!r}, which is none of {', '.join(_PARTS)}")
    if wrong := [part for part, items in document.items() if not isinstance(items, list)]:
        raise WordListUnreadable(path=path, reason=f"{wrong[0]!r} is not a list")
    return document


def _from_yaml(path: Path, text: str) -> Any:
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise WordListUnreadable(
                path=path, reason="it has an alias (*name), which can stand for any amount of text"
            )
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but texts, lists and mappings
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "it nests too deeply"
        raise WordListUnreadable(path=path, reason=f"it is not valid YAML: {first}") from error
