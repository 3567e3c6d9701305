from itertools import pairwise
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from luthier.domain.models import BaseUnsupported
from luthier.engine.packed_attention import attend, packed_attention

BOUNDARIES = (0, 5, 6, 40, 640)  # one token, short ones, and one that is long enough to be computed again


class Shared(torch.nn.Module):
    """What attention functions read from the module that calls them."""

    num_key_value_groups = 2
    is_causal = True


def plain_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int | None) -> torch.Tensor:
    """[heads, tokens, width] of one example, written out as the definition says."""
    key, value = key.repeat_interleave(2, dim=0), value.repeat_interleave(2, dim=0)
    scores = query @ key.transpose(1, 2) * 0.5
    place = torch.arange(query.shape[1])
    seen = place[None, :] <= place[:, None]
    if window is not None:
        seen &= place[None, :] > place[:, None] - window
    return scores.masked_fill(~seen, float("-inf")).softmax(-1) @ value


def inputs() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    tokens = BOUNDARIES[-1]
    return [torch.randn(1, heads, tokens, 8, generator=generator).requires_grad_() for heads in (4, 2, 2)]


@pytest.mark.parametrize("window", [None, 7])
def test_every_example_attends_to_itself_alone_and_so_do_the_gradients(window: int | None) -> None:
    ours, plain = inputs(), inputs()
    out, _ = attend(Shared(), *ours, None, scaling=0.5, boundaries=BOUNDARIES, sliding_window=window)
    parts = [
        plain_attention(*(tensor[0, :, start:end] for tensor in plain), window) for start, end in pairwise(BOUNDARIES)
    ]
    expected = torch.cat(parts, dim=1).transpose(0, 1).unsqueeze(0)
    weight = torch.randn(expected.shape, generator=torch.Generator().manual_seed(4))
    (out * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(out, expected)
    for mine, theirs in zip(ours, plain, strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("variant", [{"s_aux": torch.ones(4)}, {"dropout": 0.1}])
def test_a_kind_of_attention_that_is_not_computed_here_is_refused(variant: dict[str, object]) -> None:
    with pytest.raises(BaseUnsupported):
        attend(Shared(), *inputs(), None, scaling=0.5, boundaries=BOUNDARIES, **variant)


def test_generation_gets_its_own_attention_back(tiny_base: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(tiny_base, attn_implementation="sdpa")
    with packed_attention(model):
        assert model.config._attn_implementation != "sdpa"
    assert model.config._attn_implementation == "sdpa"
