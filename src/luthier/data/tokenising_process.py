"""The process that tokenises batches for another one: `python -m luthier.data.tokenising_process`, with pipes."""

import os
import sys
from io import BytesIO
from pathlib import Path

from luthier.data.canonical import from_line
from luthier.data.render import Renderer
from luthier.data.tokenised import tokenised
from luthier.data.tokenising import ANSWERED, REFUSED, Wish
from luthier.domain.errors import LuthierError
from luthier.kit.frames import read_frame, write_frame


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not end up among the answers
    first = read_frame(sys.stdin.buffer)
    if first is None:
        return
    wish = Wish.model_validate_json(first)
    renderer = Renderer(wish.base_folder, wish.today)
    while (lines := read_frame(sys.stdin.buffer)) is not None:
        try:
            answer = (ANSWERED, _tokenised(lines, renderer, wish))
        except LuthierError as error:
            answer = (REFUSED, error.problem.model_dump_json().encode())
        write_frame(answers, *answer)


def _tokenised(lines: bytes, renderer: Renderer, wish: Wish) -> bytes:
    examples = [from_line(line, Path(), number) for number, line in enumerate(BytesIO(lines), start=1)]
    return tokenised(examples, renderer, wish.train_on).to_bytes()


if __name__ == "__main__":
    main()
