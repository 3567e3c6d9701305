"""Many files as one source: their rows in the order of their names, and every finding says which file it speaks of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from luthier.data.facts import source_facts
from luthier.data.readers.content import Content
from luthier.data.readers.rows import Row, RowSource, SourceFault, error_at, moved
from luthier.domain.errors import LuthierError
from luthier.domain.findings import Finding, Level, Place

Member = Content | Finding  # a finding stands for a file that is not read
Open = Callable[[Content], RowSource]
Head = Callable[[str], bytes]  # a file's first bytes, by its name; empty for one that is not read
HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the names hold rows."""

    with_prose: bool
    scenarios: frozenset[str] = frozenset()  # where there are any, other prose is about them

    def takes(self, name: str) -> bool:
        if self.scenarios:
            return name in self.scenarios
        ending = _ending(name)
        facts = source_facts()
        return ending in facts.table_endings or (self.with_prose and ending in facts.prose_endings)


def choice_among(names: Sequence[str], head: Head | None = None) -> Choice:
    """Prose counts only where nothing else is: a README beside a table is no example, nor is one beside scenarios."""
    if any(_ending(name) in source_facts().table_endings for name in names):
        return Choice(with_prose=False)
    if head is None:
        return Choice(with_prose=True)
    return Choice(with_prose=True, scenarios=frozenset(name for name in names if is_scenario_file(name, head(name))))


def is_scenario_file(name: str, head: bytes) -> bool:
    if _ending(name) not in source_facts().scenario_endings:
        return False
    from luthier.data.scenarios.files import head_text, is_scenario  # late: its parser is needed for Markdown only

    return is_scenario(head_text(head))


def is_hidden(name: str) -> bool:
    """What file systems and archivers leave behind."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)


def passed_over(name: str) -> Finding:
    return Finding(
        code="dataset.file_passed_over",
        level=Level.NOTE,
        sentence="The file was not read: its name does not say that it holds examples.",
        place=Place(file=name),
        suggestion="Give it alone, if it does.",
    )


def rows_of_several(members: Iterator[Member], open_member: Open) -> Iterator[Row]:
    """A file that cannot be read at all is an error, and the next one is read."""
    before = 0
    for member in members:
        if isinstance(member, Finding):
            yield Row(0, None, None, (member,), file=member.place.file)
            continue
        number = 0
        try:
            for row in open_member(member).rows():
                number = max(number, row.number)
                yield _of_file(row, member.name, before)
        except LuthierError as error:
            yield _unreadable(error, member.name)
        except SourceFault as fault:
            yield _of_file(Row(0, None, None, (fault.finding,), ends=True), member.name, before)
        before += number


def _of_file(row: Row, file: str, before: int) -> Row:
    return replace(row, file=file, before=before, findings=tuple(moved(each, file=file) for each in row.findings))


def _unreadable(error: LuthierError, file: str) -> Row:
    finding = error_at("file_unreadable", f"The file cannot be read: {_reason(error)}.")
    return Row(0, None, None, (moved(finding, file=file),), file=file)


def _reason(error: LuthierError) -> str:
    """The reason alone, where the error has one: its sentence names the file again."""
    reason = error.problem.fields.get("reason")
    return str(reason) if reason else error.problem.sentence.rstrip(".")


def _ending(name: str) -> str:
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in source_facts().packed_endings else path.suffix
