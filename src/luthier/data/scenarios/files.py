"""Scenario files in a folder: which Markdown files are scenarios, and their text, or why it cannot be read."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from luthier.data.scenarios.tree import Tree, parse_tree
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.scenarios import Speaker

LARGEST_BYTES = 1 << 20  # a scenario is written by hand; a hundredth of this is a long one
_HEAD_BYTES = 1 << 16
_MOST_LOOKED_AT = 100_000  # files and folders
ENDINGS = (".md", ".markdown")
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # else it is UTF-8
_WORDS = frozenset(("system", *(speaker.value.casefold() for speaker in Speaker)))
_HEADING = re.compile(rf"(?:^|[\r\n]) {{0,3}}#[ \t]+({'|'.join(sorted(_WORDS))})(?=[ \t#\r\n]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    path: Path
    name: str  # as it is shown: relative to the folder that was asked for


@dataclass(frozen=True)
class Found:
    scenarios: tuple[ScenarioFile, ...]
    passed_over: tuple[str, ...]  # Markdown files that are something else


def is_scenario(head: str) -> bool:
    """Whether a text that begins like this is a scenario: it has front matter and at least two of our headings."""
    enough = _two_headings(head)
    if enough is None:
        return False
    tree = parse_tree(enough)
    return (tree.front is not None and _has_two(tree)) or _has_two(parse_tree(head))


def _two_headings(head: str) -> str | None:
    """As much as may hold what is looked for, so that the rest need not be parsed; None when nothing can."""
    found: set[str] = set()
    for match in _HEADING.finditer(head):
        found.add(match[1].casefold())
        if len(found) > 1:
            return head[: match.end()]
    return None


def _has_two(tree: Tree) -> bool:
    if tree.front is None and tree.open_front is None:
        return False
    return len({section.title.casefold() for section in tree.sections} & _WORDS) > 1


def head_text(head: bytes) -> str:
    """The first bytes of a file as text; what its encoding does not allow is left out."""
    codec = next((codec for mark, codec in _MARKS if head.startswith(mark)), "utf-8")
    return head.decode(codec, "ignore")


def find_scenarios(path: Path) -> Found:
    """A file is taken as it is; of a folder, the Markdown files at any depth whose content looks like scenarios."""
    if not path.is_dir():
        return Found((ScenarioFile(path, path.name),), ())
    scenarios: list[ScenarioFile] = []
    passed_over: list[str] = []
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.suffix.lower() not in ENDINGS or not file.is_file() or _is_hidden(file.relative_to(path)):
            continue
        if is_scenario(_head(file)):
            scenarios.append(ScenarioFile(file, name))
        else:
            passed_over.append(name)
    return Found(tuple(scenarios), tuple(passed_over))


def _is_hidden(name: Path) -> bool:
    return any(part[0] == "." for part in name.parts)


def holds_more_than(path: Path, most: int) -> bool:
    """Markdown files at any depth, before any of them is opened; or so many others that finding them takes long."""
    found = 0
    for looked_at, file in enumerate(path.rglob("*") if path.is_dir() else ()):
        found += file.suffix.lower() in ENDINGS and not _is_hidden(file.relative_to(path))
        if found > most or looked_at > _MOST_LOOKED_AT:
            return True
    return False


def read_text(file: ScenarioFile) -> str | Finding:
    """The text with its own line ends and byte order mark."""
    try:
        with open(file.path, "rb") as source:
            content = source.read(LARGEST_BYTES + 1)
    except OSError as error:
        sentence = f"The file cannot be read: {error.strerror or error}."
        suggestion = "Check that it is there and that you may read it."
        return _unreadable("unreadable", sentence, Place(file=file.name), suggestion)
    return decoded(content, file.name)


def decoded(content: bytes, name: str | None = None) -> str | Finding:
    if len(content) > LARGEST_BYTES:
        sentence = f"The file has more than {LARGEST_BYTES >> 20} MiB; it is no scenario."
        return _unreadable("too_large", sentence, Place(file=name), "Put each scenario into a file of its own.")
    codec = next((codec for mark, codec in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        good = content[: error.start].decode(codec, "ignore")
        sentence = f"The byte 0x{content[error.start]:02x} is not valid {codec.upper()} text."
        line, character = good.count("\n") + 1, len(good) - good.rfind("\n")
        place = Place(file=name, line=line, character=character, byte=error.start)
        return _unreadable("encoding", sentence, place, "Save the file as UTF-8.")


def _unreadable(code: str, sentence: str, place: Place, suggestion: str) -> Finding:
    return Finding(
        code=f"scenario.{code}",
        level=Level.ERROR,
        sentence=sentence,
        place=place,
        expected="a text in UTF-8",
        suggestion=suggestion,
    )


def _head(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""  # it is counted among those passed over
    return head_text(head)
