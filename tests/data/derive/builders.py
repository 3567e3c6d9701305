"""Sources on disk and examples for the tests of what is made from datasets."""

from collections.abc import Iterable
from pathlib import Path

import hypothesis.strategies as st

from luthier.data.canonical import write_examples
from luthier.data.derive.sources import Source
from luthier.data.example_file import ExampleFile
from luthier.domain.datasets import Example, Message, Role

words = st.sampled_from(["two pegs", "a tin of varnish", "sandpaper", "glue", "gut strings", "a bridge", "ebony"])


def a_pair(row: int, question: str, answer: str = "yes") -> Example:
    return Example(row, messages=(Message(Role.USER, question), Message(Role.ASSISTANT, answer)))


def a_source(folder: Path, examples: Iterable[Example], dataset_id: str = "ds_1") -> Source:
    path = folder / dataset_id / "examples.jsonl"
    write_examples(path, examples)
    return Source(dataset_id, f"{dataset_id}@1", ExampleFile(path, path.with_name("examples.idx.npy")))


@st.composite
def pairs(draw: st.DrawFn, most: int = 30) -> list[Example]:
    found = draw(st.lists(st.tuples(words, words), min_size=1, max_size=most))
    return [a_pair(row, question, answer) for row, (question, answer) in enumerate(found, 1)]
