"""The error tree: every failure a user can meet is a sentence, actions, and a help page.

LuthierError
├── WrongUsage        the request cannot be understood; change it and ask again
├── NotFound          a name or id that nothing carries
├── NotAllowedNow     the thing is in a state in which this cannot be done
├── DataProblem       the examples need attention before they can be trained on
├── ModelProblem      the base model cannot be used as it is
├── ShortOfResources  memory, disk, a port: the machine has too little of something
├── MissingPart       an optional package or program is not installed
├── Unreachable       a network or a server did not answer; trying later can help
├── AccessDenied      who asks is unknown, or may not
└── WorkFailed        a worker process, or what it did, went wrong

Each concrete error is a subclass with a stable `code`, next to the noun it speaks of. Which exit code or HTTP
status follows is decided at the rim (cli/errors.py, server/errors.py), by family.
"""

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

from luthier.kit.frozen import Frozen


class Action(Frozen):
    """One thing the user can do about it; `command` is exact and can be copied, `address` is a page of the server."""

    label: str
    command: str | None = None
    address: str | None = None


class Problem(Frozen):
    """An error as data: what crosses a process boundary, is stored with a run, and is shown by every face."""

    code: str
    sentence: str
    actions: tuple[Action, ...] = ()
    fields: dict[str, Any] = {}
    details: str = ""  # technical text for the curious; shown only when asked for

    @property
    def help_address(self) -> str:
        """Of the server's page about this code; in the terminal `luthier help CODE` says the same."""
        return f"/help/errors/{self.code}"


class LuthierError(Exception):
    """Raised as `SomeError(name=value, ...)`; the values fill the sentence and the actions' commands."""

    code: ClassVar[str]
    sentence: ClassVar[str]
    actions: ClassVar[tuple[Action, ...]] = ()

    def __init__(self, *, details: str = "", **fields: Any) -> None:
        self.problem = Problem(
            code=self.code,
            sentence=self.sentence.format(**fields),
            actions=tuple(_filled(action, fields) for action in self.actions),
            fields={
                name: value if isinstance(value, int | float | bool) else str(value) for name, value in fields.items()
            },
            details=details,
        )
        super().__init__(self.problem.sentence)


def _filled(action: Action, fields: dict[str, Any]) -> Action:
    command = action.command.format(**fields) if action.command else None
    address = action.address.format_map(_Quoted(fields)) if action.address else None
    return Action(label=action.label.format(**fields), command=command, address=address)


class _Quoted(dict[str, Any]):
    """Values as they may stand in an address."""

    def __getitem__(self, name: str) -> str:
        return quote(str(super().__getitem__(name)), safe="")


class WrongUsage(LuthierError): ...


class NotFound(LuthierError): ...


class NotAllowedNow(LuthierError): ...


class DataProblem(LuthierError): ...


class ModelProblem(LuthierError): ...


class ShortOfResources(LuthierError): ...


class MissingPart(LuthierError): ...


class Unreachable(LuthierError): ...


class AccessDenied(LuthierError): ...


class WorkFailed(LuthierError): ...


class ReportedProblem(WorkFailed):
    """A problem that another process reported, raised again here with its own code and words."""

    code = "work.reported"
    sentence = "{sentence}"

    def __init__(self, problem: Problem) -> None:
        Exception.__init__(self, problem.sentence)
        self.problem = problem


class PackageMissing(MissingPart):
    code = "parts.package_missing"
    sentence = "This needs the Python package {package}, which is not installed."
    actions = (Action(label="Install it", command="pip install 'luthier[{extra}]'"),)


class DiskFull(ShortOfResources):
    code = "disk.full"
    sentence = "There is no space left to write {path}; {needed} are needed and {free} are free."
    actions = (
        Action(label="Free some space on that disk, then resume"),
        Action(label="Keep the workspace on another disk", command="luthier --workspace /another/disk ..."),
    )


class UnexpectedFailure(WorkFailed):
    """A defect of Luthier itself; the details hold the trace."""

    code = "internal.unexpected"
    sentence = "Something went wrong that Luthier did not expect: {what}."
    actions = (
        Action(label="Try once more; nothing that was confirmed is lost"),
        Action(label="Report it together with the details"),
    )


def concrete_errors(parent: type[LuthierError] = LuthierError) -> Iterator[type[LuthierError]]:
    """Every error that can be raised, found by its place in the tree (of the modules imported so far)."""
    for child in parent.__subclasses__():
        if "code" in vars(child):
            yield child
        yield from concrete_errors(child)
