"""The fast tokenizer is only ever faster: the ids are those of the usual one, whatever the fast one does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fastokens
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from tokenizers import Tokenizer, models, pre_tokenizers

from luthier.data.drafts import Piece
from luthier.data.facts import probe_texts
from luthier.data.spans import Span
from luthier.data.token_batches import TokenBatches
from tests.data.builders import a_folder

MERGES = (("a", "b"), ("Ġ", "a"), ("Ċ", "Ċ"), ("ab", "ab"), ("1", "2"), ("Ã", "¤"))
texts = st.one_of(
    st.text(max_size=30), st.text(alphabet="ab 1\n2<|im_end|>'", max_size=40), st.sampled_from(probe_texts())
)


class Watched:
    """The real fast tokenizer, or with `spoil` one whose first ids are wrong; it remembers what it was asked."""

    def __init__(self, tokenizer_json: str, spoil: bytes = b"") -> None:
        self._real = fastokens.Tokenizer.from_json_str(tokenizer_json)
        self._spoil = spoil
        self.asked: list[str] = []

    def encode_batch_flat(self, asked: Sequence[str]) -> tuple[bytes, bytes]:
        self.asked += asked
        ids, bounds = self._real.encode_batch_flat(asked)
        return (self._spoil + ids[len(self._spoil) :], bounds)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = a_folder(tmp_path_factory.mktemp("tokens"), merges=MERGES)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return tokenizer


@pytest.fixture(scope="module")
def proven(tokenizer: Tokenizer) -> tuple[TokenBatches, Watched]:
    """One that has gone over to the fast tokenizer."""
    built: list[Watched] = []
    batches = TokenBatches(tokenizer, _building(built), pieces_before_proof=1)
    batches.of([[Piece("first")]])
    return batches, built[0]


@settings(max_examples=300)
@given(given_texts=st.lists(texts, min_size=1, max_size=4))
def test_the_ids_are_those_of_the_usual_tokenizer(
    tokenizer: Tokenizer, proven: tuple[TokenBatches, Watched], given_texts: list[str]
) -> None:
    batches, fast = proven
    batch = batches.of([[Piece(text)] for text in given_texts])
    assert [batch.ids_of(at).tolist() for at in range(len(given_texts))] == [
        tokenizer.encode(text, add_special_tokens=False).ids for text in given_texts
    ]
    assert fast.asked[-len(given_texts) :] == given_texts


def test_the_real_starter_is_tokenised_alike_by_both(starter_folder: Path) -> None:
    usual = Tokenizer.from_file(str(starter_folder / "tokenizer.json"))
    batches = TokenBatches(usual, pieces_before_proof=1)
    batches.of([[Piece("first")]])
    batch = batches.of([[Piece(text)] for text in probe_texts()])
    for at, text in enumerate(probe_texts()):
        assert batch.ids_of(at).tolist() == usual.encode(text, add_special_tokens=False).ids, text


def test_one_that_disagrees_is_not_asked_again(tokenizer: Tokenizer) -> None:
    built: list[Watched] = []
    batches = TokenBatches(tokenizer, _building(built, spoil=b"\x07\x00\x00\x00"), pieces_before_proof=1)
    for text in ("first", "second"):
        assert batches.of([[Piece(text)]]).ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids
    assert "first" in built[0].asked and "second" not in built[0].asked


def test_a_kind_of_tokenizer_that_the_fast_one_does_not_know_works_as_before() -> None:
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    batches = TokenBatches(tokenizer, pieces_before_proof=1)
    assert [batches.of([[Piece("a")]]).ids.tolist() for _ in range(2)] == [[1], [1]]


def test_few_pieces_do_not_pay_for_a_second_tokenizer(tokenizer: Tokenizer) -> None:
    built: list[Watched] = []
    batches = TokenBatches(tokenizer, _building(built), pieces_before_proof=3)
    batches.of([[Piece("a"), Piece("b")]])
    assert not built
    batches.of([[Piece("c")]])
    assert built


def test_given_ids_stand_where_they_were_put_and_are_learned_as_said(tokenizer: Tokenizer) -> None:
    pieces = [Piece("", ids=(5, 6)), Piece("ab", is_learned=True), Piece("", is_learned=True, ids=(7,))]
    batch = TokenBatches(tokenizer).of([pieces, [Piece("b")], pieces])
    middle = tokenizer.encode("ab", add_special_tokens=False).ids
    assert batch.ids_of(0).tolist() == batch.ids_of(2).tolist() == [5, 6, *middle, 7]
    assert batch.supervised_of(2).tolist() == [False, False, *[True] * len(middle), True]
    assert batch.ids_of(1).tolist() == tokenizer.encode("b", add_special_tokens=False).ids


def test_within_spans_a_token_counts_when_it_ends_there(tokenizer: Tokenizer) -> None:
    batch = TokenBatches(tokenizer).of([[Piece("xababx", spans=(Span(2, 5),))]])  # x abab x: the token reaches in
    assert batch.supervised.tolist() == [False, True, False]


def test_examples_without_text_have_no_tokens(tokenizer: Tokenizer) -> None:
    batch = TokenBatches(tokenizer).of([[Piece("")], [Piece("a")], []])
    assert np.diff(batch.bounds).tolist() == [0, 1, 0]


def _building(built: list[Watched], spoil: bytes = b"") -> Callable[[str], Any]:
    def build(tokenizer_json: str) -> Watched:
        built.append(Watched(tokenizer_json, spoil))
        return built[-1]

    return build
