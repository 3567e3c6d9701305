"""How a process that exports says how far it is, and what came of it: one JSON object a line on standard output."""

import sys
from collections.abc import Callable

import orjson

from luthier.domain.errors import LuthierError
from luthier.domain.jobs import Progress

Tell = Callable[[str, int, int], None]  # what is done, how far, of how much


def tell_progress(what: str, done: int, total: int) -> None:
    _say({"progress": Progress(what=what, done=done, total=total).model_dump(mode="json")})


def tell_failure(error: LuthierError) -> None:
    _say({"problem": error.problem.model_dump(mode="json")})


def _say(document: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(document) + b"\n")
    sys.stdout.buffer.flush()
