from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from luthier.engine.decoding import Decoder
from luthier.engine.generate import answer_all
from luthier.engine.loading import LoadedBase, load_base

PROMPTS = [[256, 10 + row, *range(40, 40 + 7 * row)] for row in range(6)]


@pytest.fixture(scope="module")
def base(tiny_base: Path) -> LoadedBase:
    return load_base(tiny_base, "fp32")


@pytest.fixture(scope="module")
def alone(base: LoadedBase) -> list[str]:
    """What transformers' own generation answers to each prompt by itself."""
    return [_generated(base, prompt, 12) for prompt in PROMPTS]


def _generated(base: LoadedBase, prompt: list[int], length: int) -> str:
    ids = torch.tensor([prompt])
    out = base.model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=length,
        do_sample=False,
        eos_token_id=list(base.renderer.stop_ids),
        pad_token_id=0,
    )
    new = [token for token in out[0, len(prompt) :].tolist() if token not in base.renderer.stop_ids]
    return base.renderer.decode(new)


def _quietly(done: int, total: int) -> None:
    """Nobody watches."""


def test_a_batch_answers_what_each_prompt_would_get_alone(base: LoadedBase, alone: list[str]) -> None:
    assert answer_all(base.model, base.renderer, PROMPTS, 12, _quietly) == alone


def test_answers_come_in_the_order_of_the_prompts(base: LoadedBase, alone: list[str]) -> None:
    assert answer_all(base.model, base.renderer, PROMPTS[::-1], 12, _quietly) == alone[::-1]


def test_a_row_that_stops_early_does_not_disturb_the_others(base: LoadedBase) -> None:
    """Every token that any row answers first counts as a stop, so rows leave the batch at different moments."""
    free = Decoder(base.model, PROMPTS)
    renderer = load_base(Path(base.renderer.files.folder), "fp32").renderer
    renderer.stop_ids = (int(free.logits[2].argmax()), int(free.logits[4].argmax()), *renderer.stop_ids)
    stopping = LoadedBase(base.model, renderer, base.shape)
    expected = [_generated(stopping, prompt, 12) for prompt in PROMPTS]
    assert expected[2] == ""
    assert any(expected)
    assert answer_all(base.model, renderer, PROMPTS, 12, _quietly) == expected


def test_an_answer_ends_where_the_context_does(base: LoadedBase) -> None:
    limit = base.model.config.max_position_embeddings
    nearly_full = [65] * (limit - 3)
    steps: list[int] = []
    answers = answer_all(base.model, base.renderer, [nearly_full, [65] * limit], 50, _recording(steps))
    assert answers == [_generated(base, nearly_full, 3), ""]
    assert len(steps) < 10


def test_progress_only_grows_and_ends_complete(base: LoadedBase) -> None:
    seen: list[int] = []
    answer_all(base.model, base.renderer, PROMPTS, 6, _recording(seen))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == len(PROMPTS)


def test_whoever_watches_progress_can_stop_in_the_middle(base: LoadedBase) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        answer_all(base.model, base.renderer, PROMPTS, 6, stop)


def test_no_prompts_give_no_answers(base: LoadedBase) -> None:
    assert answer_all(base.model, base.renderer, [], 6, _quietly) == []


def _recording(seen: list[int]) -> Callable[[int, int], None]:
    return lambda done, total: seen.append(done)
