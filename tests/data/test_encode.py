"""Every example ends up in the arrays, or in the list of those left out; nothing goes without a trace."""

from pathlib import Path

import numpy as np
import pytest

from luthier.data.encode import EncodedSet, encode
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, ExampleTooLong, Message, Role
from tests.data.builders import a_chat, a_folder


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    return Renderer(a_folder(tmp_path / "model"))


def test_the_arrays_hold_what_the_renderer_says(renderer: Renderer) -> None:
    examples = [a_chat(f"q{row}", "a" * row, row=row) for row in range(1, 600)]
    encoded = encode(examples, renderer, max_length=4096)
    assert len(encoded) == 599 and encoded.offsets[0] == 0 and encoded.tokens == len(encoded.ids)
    for index in (0, 255, 256, 598):
        rendered = renderer.render(examples[index])
        assert encoded.ids_of(index).tolist() == rendered.ids
        assert encoded.supervised_of(index).tolist() == rendered.supervised
        assert encoded.rows[index] == index + 1
    assert encoded.supervised_tokens == sum(row + 1 for row in range(1, 600))


def test_saved_arrays_are_mapped_into_memory_and_the_same(renderer: Renderer, tmp_path: Path) -> None:
    examples = [a_chat("q", "a"), Example(2, text="t"), a_chat("q", "a" * 500, row=3)]
    encoded = encode(examples, renderer, max_length=64)
    encoded.save(tmp_path / "tokens")
    loaded = EncodedSet.load(tmp_path / "tokens")
    assert isinstance(loaded.ids, np.memmap)
    for name in ("ids", "supervised", "offsets", "rows"):
        assert np.array_equal(getattr(loaded, name), getattr(encoded, name))
    for name in ("left_out", "longest", "truncated_rows", "missed_turn_rows", "other_prompt_rows", "written_as_text"):
        assert getattr(loaded, name) == getattr(encoded, name)
    assert loaded.left_out[0].row == 3


def test_long_conversations_are_dropped_and_named(renderer: Renderer) -> None:
    encoded = encode([a_chat("q", "a" * 500, row=1), a_chat("q", "a", row=2)], renderer, max_length=64)
    assert encoded.rows.tolist() == [2]
    assert [(each.row, each.why) for each in encoded.left_out] == [(1, "overlong")]
    assert encoded.left_out[0].tokens > 500


def test_long_conversations_are_cut_and_named(renderer: Renderer) -> None:
    encoded = encode([a_chat("q", "a" * 500, row=1)], renderer, max_length=64, overlong="truncate")
    assert (encoded.lengths.tolist(), encoded.truncated_rows) == ([64], (1,))


def test_a_cut_that_leaves_no_answer_leaves_the_example_out(renderer: Renderer) -> None:
    encoded = encode([a_chat("q" * 500, "a", row=1)], renderer, max_length=64, overlong="truncate")
    assert len(encoded) == 0
    assert [(each.row, each.why) for each in encoded.left_out] == [(1, "no answer")]


def test_long_conversations_can_be_refused(renderer: Renderer) -> None:
    with pytest.raises(ExampleTooLong, match="Row 9"):
        encode([a_chat("q", "a" * 500, row=9)], renderer, max_length=64, overlong="refuse")


@pytest.mark.parametrize("overlong", ["drop", "truncate", "refuse"])
def test_long_text_is_split_and_never_loses_a_token(renderer: Renderer, overlong: str) -> None:
    example = Example(5, text="".join(chr(97 + at % 26) for at in range(1000)))
    encoded = encode([example], renderer, max_length=64, overlong=overlong)  # type: ignore[arg-type]
    assert encoded.ids.tolist() == renderer.render(example).ids
    assert encoded.lengths.max() == 64
    assert set(encoded.rows.tolist()) == {5}


def test_an_example_without_an_answer_to_learn_is_left_out(renderer: Renderer) -> None:
    silent = Example(4, messages=(Message(Role.USER, "q"), Message(Role.ASSISTANT, "a", train=False)))
    encoded = encode([silent], renderer, max_length=64)
    assert [(each.row, each.why) for each in encoded.left_out] == [(4, "no answer")]


def test_progress_counts_examples_and_can_stop_the_work(renderer: Renderer) -> None:
    counted: list[int] = []
    encode([a_chat("q", "a")] * 600, renderer, max_length=64, on_progress=counted.append)
    assert counted == [256, 512, 600]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode([a_chat("q", "a")] * 600, renderer, max_length=64, on_progress=stop)


def test_a_packed_row_tells_its_examples_apart(renderer: Renderer) -> None:
    encoded = encode([a_chat("q", "a" * row, row=row) for row in range(1, 5)], renderer, max_length=64)
    row = encoded.packed([2, 0])
    first, second = encoded.ids_of(2), encoded.ids_of(0)
    assert row.ids.tolist() == [*first.tolist(), *second.tolist()]
    assert row.boundaries.tolist() == [0, len(first), len(first) + len(second)]
    assert row.position_ids.tolist() == [*range(len(first)), *range(len(second))]
    assert row.supervised.tolist() == [*encoded.supervised_of(2).tolist(), *encoded.supervised_of(0).tolist()]
    assert row.ids.dtype == np.int64


def test_nothing_to_encode_is_an_empty_set(renderer: Renderer) -> None:
    encoded = encode([], renderer, max_length=64)
    assert (len(encoded), encoded.tokens, encoded.supervised_tokens) == (0, 0, 0)
