"""A cache with room to grow holds what transformers' own cache holds."""

from pathlib import Path

import torch
from transformers import DynamicCache

from luthier.engine.kv_cache import growing_cache
from luthier.engine.loading import load_base


def test_it_holds_the_same_as_concatenation_while_growing_and_losing_rows(tiny_base: Path) -> None:
    model = load_base(tiny_base, "fp32").model
    plain, growing = DynamicCache(config=model.config), growing_cache(model)
    torch.manual_seed(0)
    rows = 5
    for length in (70, 1, 1, 66, 1):
        keys, values = torch.randn(rows, 2, length, 8), torch.randn(rows, 2, length, 8)
        for cache in (plain, growing):
            cache.update(keys.clone(), values.clone(), 0)
        if length == 66:
            rows = 3
            for cache in (plain, growing):
                cache.batch_select_indices(torch.tensor([4, 0, 2]))
    assert growing.get_seq_length() == 139
    assert torch.equal(growing.layers[0].keys, plain.layers[0].keys)
    assert torch.equal(growing.layers[0].values, plain.layers[0].values)
