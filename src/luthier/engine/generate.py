"""Answers to many prompts at once: the likeliest or drawn, in batches that rows leave as soon as they are done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel

from luthier.data.render import Renderer
from luthier.domain.jobs import LARGEST_CACHE_BYTES
from luthier.engine.decoding import Decoder

_LEAVE_AT = 0.75  # of the rows still at work: dropping the others copies the cache, so not after every one

OnProgress = Callable[[int, int], None]  # answers done, answers in all; may raise to stop
Choose = Callable[[Tensor], list[int]]  # a token for each row of logits [rows, vocabulary]


@dataclass(eq=False)
class _Row:
    prompt: Sequence[int]
    room: int  # how many tokens it may get
    ids: list[int] = field(default_factory=list)
    done: bool = False
    stop: int | None = None


def answer_all(
    model: PreTrainedModel,
    renderer: Renderer,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    on_progress: OnProgress,
) -> list[str]:
    """The likeliest continuation of each prompt up to a stop token, as text without control tokens.

    An answer also ends where the model's context does. `on_progress` is called after every token of a batch.
    """
    answers = answer_ids(model, prompts, frozenset(renderer.stop_ids), max_new_tokens, on_progress)
    return [renderer.decode(answer.ids) for answer in answers]


@dataclass(frozen=True, slots=True)
class Answered:
    ids: tuple[int, ...]  # without the stop token
    stop: int | None = None  # the stop token that ended it; None when there was no more room

    @property
    def stopped(self) -> bool:
        return self.stop is not None


def likeliest(logits: Tensor) -> list[int]:
    return list(logits.argmax(dim=-1).tolist())


def drawn(logits: Tensor) -> list[int]:
    """By the probabilities that the model gives, from torch's own randomness."""
    return list(torch.multinomial(logits.softmax(dim=-1), 1).squeeze(1).tolist())


def answer_ids(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    stops: frozenset[int],
    max_new_tokens: int,
    on_progress: OnProgress,
    choose: Choose = likeliest,
) -> list[Answered]:
    """As `answer_all`, in tokens, each as `choose` decides."""
    context = model.config.max_position_embeddings
    rows = [_Row(prompt, room=min(max_new_tokens, context - len(prompt))) for prompt in prompts]
    for row in rows:
        row.done = row.room <= 0
    waiting = sorted((row for row in rows if not row.done), key=lambda row: len(row.prompt), reverse=True)
    for batch in _batches(waiting, max_new_tokens, _tokens_that_fit(model)):
        _answer_batch(model, batch, stops, choose, lambda: on_progress(_answers_done(rows), len(rows)))
    on_progress(len(rows), len(rows))
    return [Answered(tuple(row.ids), row.stop) for row in rows]


def _answer_batch(
    model: PreTrainedModel, rows: list[_Row], stops: frozenset[int], choose: Choose, report: Callable[[], None]
) -> None:
    report()
    decoder = Decoder(model, [row.prompt for row in rows])
    while True:
        tokens = choose(decoder.logits)
        for row, token in zip(rows, tokens, strict=True):
            _extend(row, token, stops)
        report()
        working = [place for place, row in enumerate(rows) if not row.done]
        if not working:
            return
        decoder.step(tokens)
        if len(working) <= _LEAVE_AT * len(rows):
            decoder.keep(working)
            rows = [rows[place] for place in working]


def _extend(row: _Row, token: int, stops: frozenset[int]) -> None:
    if row.done:
        return
    if token in stops:
        row.done, row.stop = True, token
        return
    row.ids.append(token)
    row.done = len(row.ids) >= row.room


def _answers_done(rows: Sequence[_Row]) -> int:
    """Rows at work count by how far they can still go, so that progress does not stand still for a whole batch."""
    return int(sum(1.0 if row.done else len(row.ids) / row.room for row in rows))


def _batches(rows: Sequence[_Row], max_new_tokens: int, tokens: int) -> list[list[_Row]]:
    """Neighbours in length share a batch; a batch takes as many rows as fit when all are as long as its longest."""
    batches: list[list[_Row]] = []
    for row in rows:
        longest = len(batches[-1][0].prompt) if batches else 0
        if batches and (len(batches[-1]) + 1) * (longest + max_new_tokens) <= tokens:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _tokens_that_fit(model: PreTrainedModel) -> int:
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    per_token = 2 * config.num_hidden_layers * heads * width * torch.finfo(model.dtype).bits // 8
    return LARGEST_CACHE_BYTES // per_token
