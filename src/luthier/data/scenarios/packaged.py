"""The templates and examples that come with Luthier, by name."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from luthier.data.scenarios.check import entry_of
from luthier.data.scenarios.grammar import built_in_grammar
from luthier.data.scenarios.read import read_scenario
from luthier.domain.scenarios import Pattern, ScenarioPatternUnknown

_TEMPLATES = "templates"
_EXAMPLES = "examples"
_TITLE = re.compile(r"^title: .*$", re.MULTILINE)


def patterns() -> list[Pattern]:
    """Templates first, then examples, each by name."""
    return [_pattern(name, text) for name, text in _texts()]


def pattern_text(name: str) -> str:
    """Raises ScenarioPatternUnknown."""
    text = dict(_texts()).get(name.removesuffix(".md"))
    if text is None:
        raise ScenarioPatternUnknown(name=name)
    return text


def with_title(text: str, title: str) -> str:
    """A template under another title; JSON's quoting of a text is also YAML's."""
    return _TITLE.sub(lambda _: f"title: {json.dumps(title, ensure_ascii=False)}", text, count=1)


def _texts() -> Iterator[tuple[str, str]]:
    for kind in (_TEMPLATES, _EXAMPLES):
        root = _folder() / kind
        for path in sorted(root.rglob("*.md")):
            yield path.relative_to(root).with_suffix("").as_posix(), path.read_text(encoding="utf-8")


def _folder() -> Path:
    return Path(str(files("luthier.data.scenarios")))


def _pattern(name: str, text: str) -> Pattern:
    entry = entry_of(read_scenario(text, built_in_grammar(), name), name, ())
    return Pattern(
        name=name,
        category=entry.category,
        title=entry.title,
        is_template="/" not in name,
        turns=entry.turns,
        calls=entry.calls,
    )
