"""Copies keep who is who, differ from the row and from each other, and are the same for the same seed."""

from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.derive.augment import ADDED, NOTHING_TO_CHANGE, WordGroups, augmented
from luthier.data.derive.facts import derive_facts, words_called
from luthier.data.derive.sources import traced
from luthier.data.derive.word_files import read_word_file
from luthier.domain.datasets import Example
from luthier.domain.derivations import NameUnknown, WordListUnreadable
from tests.data.derive.builders import a_pair

NAMES = ("Ada", "Bob", "Cy", "Dee")


def copies_of(
    example: Example,
    groups: tuple[tuple[str, ...], ...] = (NAMES,),
    templates: tuple[str, ...] = (),
    copies: int = 1,
    seed: int = 0,
) -> tuple[list[tuple[str, ...]], Counter[str]]:
    counts: Counter[str] = Counter()
    rows = augmented(iter([traced(example, "ds_1")]), WordGroups(groups), templates, copies, seed, counts)
    first, *others = rows
    assert first.origin is not None and first.origin.changes == ()
    assert all(other.origin is not None and other.origin.changes == ("augment",) for other in others)
    return [tuple(message.content for message in other.messages) for other in others], counts


@given(seed=st.integers(0, 2**62), copies=st.integers(1, 6))
def test_a_name_becomes_the_same_other_name_throughout(seed: int, copies: int) -> None:
    found, counts = copies_of(a_pair(1, "Ada asks Bob.", "Bob answers Ada."), copies=copies, seed=seed)
    assert counts[ADDED] + counts[NOTHING_TO_CHANGE] == copies
    assert counts[ADDED] == len(found) == len(set(found)) >= 1
    for question, answer in found:
        one, other = question.removesuffix(".").split(" asks ")
        assert answer == f"{other} answers {one}."
        assert one != other and one != "Ada" and {one, other} <= set(NAMES)


def test_only_whole_words_are_exchanged_and_the_longest_first() -> None:
    found, _ = copies_of(a_pair(1, "Newton went to New York", "ok"), (("New", "Old"), ("New York", "Rome")))
    assert found == [("Newton went to Rome", "ok")]


def test_what_has_nothing_to_change_gives_no_copy_and_is_counted() -> None:
    found, counts = copies_of(a_pair(1, "hello", "ok"), copies=3)
    assert (found, counts) == ([], {NOTHING_TO_CHANGE: 3})


def test_a_template_is_another_way_to_ask(tmp_path: Path) -> None:
    found, _ = copies_of(a_pair(1, "What is {glue}?", "Sticky."), (), ("Tell me: {question}",))
    assert found == [("Tell me: What is {glue}?", "Sticky.")]


def test_the_built_in_lists_have_words_that_differ() -> None:
    for name in derive_facts().words:
        words = words_called(name)
        assert len(set(words)) == len(words) >= 7
    with pytest.raises(NameUnknown, match=r"planets.*cities"):
        words_called("planets")


def test_a_word_file_holds_texts_only(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("words:\n  - [no, yes]\n  - [1, 2]\ntemplates:\n  - 'Please: {question}'\n")
    assert read_word_file(path) == {"words": [["no", "yes"], ["1", "2"]], "templates": ["Please: {question}"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "does not begin"),
        (b"- a\n", "does not begin"),
        (b"wrods: []\n", "wrods"),
        (b"words: oak\n", "not a list"),
        (b"words: [", "YAML"),
        (b"words: [\xff]", "UTF-8"),
        (b"words: [&a [x, y], *a]\n", "alias"),
        (b"words: " + b"[" * 1500, "YAML"),
        (b" " * ((1 << 20) + 1), "larger"),
    ],
)
def test_a_word_file_that_is_none_is_refused_with_the_reason(tmp_path: Path, text: bytes, reason: str) -> None:
    path = tmp_path / "words.yaml"
    path.write_bytes(text)
    with pytest.raises(WordListUnreadable, match=reason):
        read_word_file(path)


def test_a_word_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(WordListUnreadable, match="no such file"):
        read_word_file(tmp_path / "none.yaml")
