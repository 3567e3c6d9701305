"""Other processes make of examples what this one would, tell of what they cannot, and never stay behind."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from luthier.data.encode import encode
from luthier.data.render import Renderer
from luthier.data.tokenised import tokenised
from luthier.data.tokenising import tokenised_beside
from luthier.domain.datasets import Example, TokenisingBroke
from luthier.domain.errors import ReportedProblem
from tests.data.builders import a_chat, a_folder

REFUSING = (
    "{% for m in messages %}{% if m.content == 'no' %}{{ raise_exception('not this') }}{% endif %}"
    "<{{ m.content }}>{% endfor %}"
)


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    return Renderer(a_folder(tmp_path / "model"))


def batches(count: int) -> Iterator[list[Example]]:
    """Of conversations and plain text, one of them long."""
    for number in range(count):
        yield [a_chat(f"q{number}", "a" * 50 * number, row=2 * number + 1), Example(2 * number + 2, text=f"t{number}")]


def helpers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "luthier.data.tokenising_process" in child.cmdline()]


def test_batches_come_back_in_their_order_as_this_process_would_make_them(renderer: Renderer) -> None:
    made = list(tokenised_beside(batches(20), renderer, "assistant"))
    for mine, theirs in zip((tokenised(batch, renderer, "assistant") for batch in batches(20)), made, strict=True):
        for name in ("rows", "is_text", "ids", "supervised", "bounds"):
            assert np.array_equal(getattr(mine, name), getattr(theirs, name))
        assert (mine.missed_turn_rows, mine.written_as_text) == (theirs.missed_turn_rows, theirs.written_as_text)


def test_many_examples_are_the_same_as_their_parts(renderer: Renderer) -> None:
    examples = [a_chat(f"q{row}", "ab" * (row % 7), row=row) for row in range(1, 22_000)]
    whole = encode(examples, renderer, max_length=64)
    first, last = (encode(part, renderer, max_length=64) for part in (examples[:15_000], examples[15_000:]))
    assert np.array_equal(whole.ids, np.concatenate([first.ids, last.ids]))
    assert np.array_equal(whole.supervised, np.concatenate([first.supervised, last.supervised]))
    assert whole.rows.tolist() == [*first.rows.tolist(), *last.rows.tolist()]
    assert whole.left_out == first.left_out + last.left_out


def test_a_row_that_the_template_refuses_is_named(tmp_path: Path) -> None:
    renderer = Renderer(a_folder(tmp_path / "model", template=REFUSING))
    with pytest.raises(ReportedProblem, match="row 7"):
        list(tokenised_beside(iter([[a_chat("yes", "a", row=6)], [a_chat("no", "a", row=7)]]), renderer, "assistant"))


def test_a_process_that_dies_is_told_of(renderer: Renderer) -> None:
    made = tokenised_beside(batches(500), renderer, "assistant")
    next(made)
    for helper in helpers():
        helper.kill()
    with pytest.raises(TokenisingBroke):
        list(made)


def test_none_stays_behind_when_nobody_wants_more(renderer: Renderer) -> None:
    made = tokenised_beside(batches(500), renderer, "assistant")
    next(made)
    assert helpers()
    made.close()  # type: ignore[attr-defined]
    assert not helpers()
