"""Proves before the first step that the model is shown what the examples say: runs the checks, shows rows as tokens."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from luthier.data.encode import EncodedSet
from luthier.data.preflight_findings import Checked, checked_once
from luthier.data.preflight_texts import check_content, check_control_words, check_prompts, check_turns
from luthier.data.preflight_tokens import (
    check_beginnings,
    check_ends,
    check_length,
    check_missing_bos,
    check_supervision,
    check_untrained,
    check_vocabulary,
)
from luthier.data.render import Renderer, TrainOn
from luthier.data.token_view import show_row
from luthier.domain.datasets import CONFIRM_BELOW, Example, Mapping, Role
from luthier.domain.errors import Action
from luthier.domain.findings import Level
from luthier.domain.preflight import PreflightReport, PreflightStats, ShownRow

_SAMPLES = 256  # examples that are rendered once more and compared word by word
_SHOWN = 5
_LOOKS_LIKE_CONTROL = re.compile(r"<\|[^\s|<>]{1,40}\|>|<(?:start|end)_of_turn>|</?s>|\[/?INST\]")


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What only the model itself knows of its tokens; whoever has loaded it brings this."""

    untrained_ids: Set[int] = frozenset()  # whose embedding has never moved from (nearly) zero
    rows: int | None = None  # ids from here on have no embedding


def examine(
    examples: Sequence[Example],
    renderer: Renderer,
    encoded: EncodedSet,
    *,
    max_length: int,
    train_on: TrainOn = "assistant",
    embeddings: Embeddings | None = None,
    mapping: Mapping | None = None,
) -> PreflightReport:
    """`encoded` comes from the same examples, with the same `max_length` and `train_on`."""
    known = embeddings or Embeddings()
    chats = [example for example in examples if example.messages]
    sampled = chats[:: -(-len(chats) // _SAMPLES)] if chats else []
    samples = list(zip(sampled, renderer.render_many(sampled, train_on), strict=True))
    asked = {example.row for example in examples if example.text or _has_answer_to_train(example)}
    checks = [
        check_ends(encoded, renderer, train_on),
        check_stops(renderer),
        check_beginnings(encoded, renderer),
        check_missing_bos(encoded, renderer),
        check_supervision(encoded, asked, max_length),
        check_length(encoded, max_length),
        check_turns(encoded, samples if train_on == "assistant" else [], renderer),
        check_content(samples),
        check_prompts(encoded),
        check_templates(renderer, encoded),
        check_untrained(encoded, renderer, known.untrained_ids),
        check_vocabulary(encoded, known.rows),
        check_mapping(mapping),
        check_control_tokens(renderer),
        check_control_words(examples, renderer),
    ]
    return PreflightReport(
        findings=tuple(finding for check in checks for finding in check.findings),
        checks=tuple(check.run for check in checks),
        rows=tuple(_shown(encoded, renderer)),
        stats=_stats(encoded),
        stop_tokens=tuple(renderer.decode([token], control_tokens=True) for token in renderer.stop_ids),
        template_sha256=renderer.rendered_sha256,
    )


def check_stops(renderer: Renderer) -> Checked:
    """Silent killer 2: three files that name the end of a turn, and do not agree. Generation stops at any of them."""
    named = {
        "the chat template": renderer.turn_end_id,
        "the tokenizer": renderer.eos_id,
        "generation_config.json": renderer.files.end_ids[0] if renderer.files.end_ids else None,
    }
    known = {who: token for who, token in named.items() if token is not None}
    agreed = renderer.turn_end_id is None or (
        renderer.turn_end_id == renderer.eos_id
        and renderer.turn_end_id in (renderer.files.end_ids or (renderer.eos_id,))
    )
    says = ", ".join(f"{who} says {renderer.decode([token], control_tokens=True)}" for who, token in known.items())
    return checked_once(
        "stop_disagrees",
        "Do the template, the tokenizer and the generation settings name the same end?",
        [] if agreed else [f"The model's files disagree on how an answer ends: {says}. Luthier stops at each of them."],
        level=Level.WARNING,
        actions=(Action(label="Tell every other program that will serve the result all of these stop tokens"),),
    )


def check_templates(renderer: Renderer, encoded: EncodedSet) -> Checked:
    """Silent killer 9 again: the folder carries two templates, or one that says something else tomorrow."""
    problems = []
    if renderer.files.other_template is not None and renderer.files.other_template != renderer.files.template:
        problems.append(
            "The model's folder holds two chat templates that differ; chat_template.jinja is used, and programs that "
            "read tokenizer_config.json will use the other one."
        )
    if "strftime_now" in (renderer.files.template or ""):
        problems.append("The chat template writes today's date into every conversation.")
    if encoded.written_as_text:
        parts = ", ".join(sorted(encoded.written_as_text))
        problems.append(
            f"The chat template has no words for {parts}; they are written as plain text, in the way that "
            "docs/guide/datasets.md shows. Programs that serve the result must write them in the same way."
        )
    return checked_once(
        "template_lacks_words",
        "Will every program that serves the result write conversations in the same way?",
        problems,
        level=Level.NOTE,
        actions=(Action(label="Look at the rows as tokens in the preflight report"),),
    )


def check_mapping(mapping: Mapping | None) -> Checked:
    """Silent killer 18: a column taken for what it is not."""
    unsure = mapping is not None and mapping.confidence < CONFIRM_BELOW
    return checked_once(
        "mapping_unsure",
        "Is it certain which column is which part of an example?",
        [f"It is not certain that the columns were understood: {mapping.reason}."] if mapping and unsure else [],
        level=Level.WARNING,
        actions=(Action(label="Look at the mapped rows", command="luthier datasets check FILE"),),
    )


def check_control_tokens(renderer: Renderer) -> Checked:
    """Silent killer 22: a control token that is not in the vocabulary falls into pieces that mean nothing."""
    written = set(_LOOKS_LIKE_CONTROL.findall(renderer.files.template or ""))
    split = [
        token for token in sorted(written | set(renderer.files.named_tokens.values())) if renderer.pieces(token) > 1
    ]
    named = set(renderer.files.named_tokens.values())
    problems = [
        f"{token} is {'named as' if token in named else 'written by the chat template like'} a control token, but the "
        f"tokenizer splits it into {renderer.pieces(token)} tokens."
        for token in split
    ]
    return checked_once(
        "control_token_split",
        "Is every control token a single token?",
        problems,
        level=Level.ERROR,
        actions=(
            Action(label="Use the tokenizer that belongs to this chat template"),
            Action(label="Fetch the model again", command="luthier models pull NAME --again"),
        ),
    )


def _has_answer_to_train(example: Example) -> bool:
    return any(message.role is Role.ASSISTANT and message.train for message in example.messages)


def _shown(encoded: EncodedSet, renderer: Renderer) -> list[ShownRow]:
    """The first rows, the longest one, and the one with the least to learn."""
    if not len(encoded):
        return []
    learned = np.add.reduceat(encoded.supervised.astype(np.int64), encoded.offsets[:-1])
    telling = [*range(min(_SHOWN - 2, len(encoded))), int(np.argmin(learned)), int(np.argmax(encoded.lengths))]
    return [show_row(encoded, index, renderer) for index in dict.fromkeys(telling)]


def _stats(encoded: EncodedSet) -> PreflightStats:
    lengths = encoded.lengths
    shares = np.zeros(1)
    if len(encoded):
        shares = np.add.reduceat(encoded.supervised.astype(np.int64), encoded.offsets[:-1]) / lengths
    return PreflightStats(
        examples=len(encoded),
        tokens=encoded.tokens,
        supervised_tokens=encoded.supervised_tokens,
        tokens_p50=int(np.median(lengths)) if len(encoded) else 0,
        tokens_max=int(lengths.max(initial=0)),
        supervised_share_min=float(shares.min()),
        supervised_share_mean=float(shares.mean()),
        left_out=len(encoded.left_out),
        truncated=len(encoded.truncated_rows),
    )
