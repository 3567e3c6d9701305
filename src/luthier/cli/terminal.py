"""What a command may do to the outside: results to stdout, messages and progress to stderr, one workspace."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

from rich.console import RenderableType
from rich.text import Text

import luthier
from luthier.cli.consoles import console, print_json
from luthier.cli.options import Options
from luthier.cli.render.progress import ProgressLine
from luthier.cli.render.text import visible
from luthier.domain.jobs import Progress
from luthier.workspace import Workspace

Done = TypeVar("Done")


class Terminal:
    """`with Terminal(options) as terminal:` closes what the command opened, whichever way it ends."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.out = console(sys.stdout)
        self.messages = console(sys.stderr, quiet=options.quiet)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, at)

    @cached_property
    def workspace(self) -> Workspace:
        """Opened when first asked for."""
        return self._opened.enter_context(luthier.open(self.options.workspace))

    def say(self, *lines: RenderableType) -> None:
        """Messages: never part of what a script reads."""
        for line in lines:
            self.messages.print(line)

    def result(self, document: Any, view: Callable[[], Iterable[RenderableType]]) -> None:
        """What was asked for: `document` under --json, else the view of it. Frozen values become plain JSON."""
        if self.options.as_json:
            print_json(document)
            return
        for part in view():
            self.out.print(part, soft_wrap=isinstance(part, str))  # an id or a link must stay in one piece

    @contextmanager
    def answering(self, who: str, prefix: str = "") -> Iterator[Callable[[str], None]]:
        """Yields a function that prints an answer piece by piece; until its first piece a line says who is awaited."""
        with ExitStack() as waiting:
            waiting.callback(lambda: self.out.print(Text(visible(prefix), "head"), end=""))
            waiting.enter_context(self.progress(f"Waiting for {visible(who)}"))

            def stream(text: str) -> None:
                if text:
                    waiting.close()
                    self.out.print(Text(visible(text)), end="", soft_wrap=True)

            yield stream
        self.out.print()

    def progress(self, start: str) -> ProgressLine:
        """A line that shows how far something is; use as a context manager."""
        return ProgressLine(self.messages, start)

    def patiently(self, what: str, work: Callable[[Callable[[Progress], None]], Done]) -> Done:
        """Runs `work` with a callback that shows its progress."""
        with self.progress(what) as line:
            return work(line.update)
