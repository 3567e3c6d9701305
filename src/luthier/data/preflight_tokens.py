"""The preflight checks that look at every token of every example: ends, beginnings, masks, cuts, ids."""

from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.data.encode import EncodedSet
from luthier.data.preflight_findings import Checked, checked_rows
from luthier.data.render import Renderer, TrainOn
from luthier.domain.errors import Action
from luthier.domain.findings import Level

_LOOK = Action(label="Look at the rows as tokens in the preflight report")
_OTHER_BASE = Action(label="Choose a base model whose chat template ends each answer with its end token")


def check_ends(encoded: EncodedSet, renderer: Renderer, train_on: TrainOn) -> Checked:
    """Silent killer 1: an end that is masked or missing is never learned, and the model never stops."""
    stops = np.isin(encoded.ids, np.array(renderer.stop_ids, dtype=np.uint32))
    find = _rows_without_learned_stop if train_on == "everything" else _rows_ending_unlearned
    bad = find(encoded, stops)
    return checked_rows(
        "eos_masked",
        "Is the token that ends an answer learned in every answer?",
        len(encoded),
        bad,
        sentence="In {rows} the model is not taught to end its answer, so it would go on for ever.",
        actions=(_LOOK, _OTHER_BASE),
    )


def check_beginnings(encoded: EncodedSet, renderer: Renderer) -> Checked:
    """Silent killer 3: the template writes a BOS and the tokenizer adds another one."""
    bos = renderer.bos_id
    starts = encoded.offsets[:-1]
    long_enough = np.diff(encoded.offsets) > 1
    first, second = starts[long_enough], starts[long_enough] + 1
    doubled = np.zeros(0, dtype=np.int64)
    if bos is not None:
        doubled = encoded.rows[long_enough][(encoded.ids[first] == bos) & (encoded.ids[second] == bos)]
    return checked_rows(
        "double_bos",
        "Does every example begin with at most one BOS?",
        len(encoded),
        _as_list(doubled),
        sentence="{rows} begin with two BOS tokens, which the base model has never seen.",
        actions=(Action(label="Remove the BOS from the texts: the chat template writes it already"), _LOOK),
    )


def check_missing_bos(encoded: EncodedSet, renderer: Renderer) -> Checked:
    """The other half of silent killer 3: this tokenizer begins every text with a BOS, and the template forgets it."""
    bos = renderer.bos_id
    missing: list[int] = []
    if bos is not None and bos in renderer.files.added_before and len(encoded):
        # Parts after the first of a split text rightly have none.
        first_of_row = np.concatenate(([True], np.diff(encoded.rows) != 0))
        without = (encoded.ids[encoded.offsets[:-1]] != bos) & first_of_row
        missing = _as_list(encoded.rows[without])
    return checked_rows(
        "bos_missing",
        "Does every example begin with a BOS, where the tokenizer wants one?",
        len(encoded),
        missing,
        sentence="{rows} begin without the BOS token that this tokenizer puts before every text.",
        level=Level.WARNING,
        actions=(Action(label="Compare the chat template with the one in the model's own repository"), _LOOK),
    )


def check_supervision(encoded: EncodedSet, asked_rows: Set[int], max_length: int) -> Checked:
    """Silent killers 4 and 5: a mask of nothing gives a loss of nothing. `asked_rows` have an answer to be trained."""
    empty = [
        each.row
        for each in encoded.left_out
        if each.why == "no answer" and each.tokens <= max_length and each.row in asked_rows
    ]
    return checked_rows(
        "nothing_supervised",
        "Does every example hold a token to learn?",
        len(encoded) + len(encoded.left_out),
        empty,
        sentence="In {rows} no token would be learned, although there is an answer.",
        actions=(_LOOK, Action(label="Choose a base model whose chat template keeps the answers as they are")),
    )


def check_length(encoded: EncodedSet, max_length: int) -> Checked:
    """Silent killer 6: a cut that takes the answer away, or its end."""
    cut = [*encoded.truncated_rows, *(each.row for each in encoded.left_out if each.tokens > max_length)]
    enough = -(-encoded.longest // 64) * 64
    return checked_rows(
        "answer_cut",
        "Does every example fit into the allowed length?",
        len(encoded) + len(encoded.left_out),
        cut,
        sentence=f"{{rows}} are longer than {max_length} tokens and are cut or left out.",
        level=Level.WARNING,
        actions=(
            Action(
                label=f"Allow examples of up to {encoded.longest} tokens, which costs memory and time",
                command=f"luthier train --data FILE --set max_length={enough}",
            ),
            Action(label="Make the examples shorter"),
        ),
    )


def check_untrained(encoded: EncodedSet, renderer: Renderer, untrained: Set[int]) -> Checked:
    """Silent killer 12: reserved tokens that the base model never learned; training on them gives noise or NaN."""
    hits = np.isin(encoded.ids, np.array(sorted(untrained), dtype=np.uint32))
    shown = ", ".join(renderer.decode([int(token)], control_tokens=True) for token in np.unique(encoded.ids[hits])[:5])
    return checked_rows(
        "untrained_token",
        "Has the base model learned every token that the examples use?",
        len(encoded),
        _rows_of(encoded, np.flatnonzero(hits)),
        sentence=f"{{rows}} use tokens that the base model has never learned ({shown}).",
        actions=(
            Action(label="Write something else instead of these tokens"),
            Action(label="Start from the instruct variant of the base model"),
        ),
    )


def check_vocabulary(encoded: EncodedSet, embedding_rows: int | None) -> Checked:
    outside = np.zeros(0, dtype=np.int64)
    if embedding_rows is not None:
        outside = np.flatnonzero(encoded.ids >= embedding_rows)
    return checked_rows(
        "token_outside_vocabulary",
        "Does the model have an embedding for every token?",
        len(encoded),
        _rows_of(encoded, outside),
        sentence=f"{{rows}} use tokens beyond the {embedding_rows} that the model has embeddings for.",
        actions=(Action(label="Use the tokenizer that belongs to this model"),),
    )


def _rows_ending_unlearned(encoded: EncodedSet, stops: NDArray[np.bool_]) -> list[int]:
    """Each supervised stretch must end with a stop token, except where an example was cut or a text goes on."""
    learned = encoded.supervised
    last_of_stretch = learned & ~np.concatenate((learned[1:], [False]))
    last_of_example = np.zeros(len(learned), dtype=np.bool_)
    last_of_example[encoded.offsets[1:] - 1] = True
    last_of_stretch |= learned & last_of_example
    places = np.flatnonzero(last_of_stretch & ~stops)
    examples = np.searchsorted(encoded.offsets, places, side="right") - 1
    goes_on = np.concatenate((np.diff(encoded.rows) == 0, [False]))
    cut = np.isin(encoded.rows, np.array(encoded.truncated_rows, dtype=np.int64)) | goes_on
    excused = cut[examples] & last_of_example[places]
    return _as_list(np.unique(encoded.rows[examples[~excused]]))


def _rows_without_learned_stop(encoded: EncodedSet, stops: NDArray[np.bool_]) -> list[int]:
    has_stop = np.logical_or.reduceat(stops & encoded.supervised, encoded.offsets[:-1]) if len(encoded) else stops
    goes_on = np.concatenate((np.diff(encoded.rows) == 0, [False])) if len(encoded) else stops
    cut = np.isin(encoded.rows, np.array(encoded.truncated_rows, dtype=np.int64))
    return _as_list(encoded.rows[~has_stop & ~goes_on & ~cut])


def _rows_of(encoded: EncodedSet, places: NDArray[Any]) -> list[int]:
    examples = np.unique(np.searchsorted(encoded.offsets, places, side="right") - 1)
    return _as_list(encoded.rows[examples])


def _as_list(rows: NDArray[np.int64]) -> list[int]:
    return [int(row) for row in rows]
