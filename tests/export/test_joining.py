from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from luthier.domain.merges import AdaptersDoNotFit, How, MergeJob, MergeRefused, MergeRequest, MergeSource
from luthier.export.joining import join
from luthier.export.merging import lora_changes
from luthier.export.tensors import Rows
from luthier.kit.files import read_json, write_json

TARGETS = ["q_proj", "down_proj"]


def a_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=32, num_key_value_heads=2, **sizes))


def an_adapter(folder: Path, seed: int, **changes: Any) -> Path:
    """Saved by PEFT, with values as if it had been trained."""
    settings = {"r": 3, "lora_alpha": 7, "target_modules": TARGETS, **changes}
    model = get_peft_model(a_model(), LoraConfig(**settings))
    torch.manual_seed(seed)
    for name, value in model.named_parameters():
        if "lora_" in name and "magnitude" not in name:
            nn.init.normal_(value, std=0.3)
    model.save_pretrained(str(folder))
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Of different ranks, and one scaled as rsLoRA."""
    return an_adapter(tmp_path / "a", 1), an_adapter(tmp_path / "b", 2, r=5, use_rslora=True)


def joined(tmp_path: Path, folders: list[Path], **request: Any) -> Path:
    sources = tuple(MergeSource(label=folder.name, folder=str(folder)) for folder in folders)
    made = tmp_path / f"made-{len(list(tmp_path.iterdir()))}"
    made.mkdir()
    join(MergeJob(request=MergeRequest(**request), sources=sources), made, lambda done, total: None)
    return made


def deltas(folder: Path) -> dict[str, Rows]:
    return {name: change.b * change.scale @ change.a for name, change in lora_changes(folder, "it").items()}


def assert_alike(found: dict[str, Rows], expected: dict[str, Rows]) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=2e-5, err_msg=name)


@pytest.mark.parametrize(
    ("how", "weights"),
    [("linear", (1.0,)), ("linear", (0.5, 0.5)), ("svd", (0.5, 0.5)), ("ties", (1.0, 1.0)), ("dare", (0.5, 0.5))],
)
def test_an_adapter_merged_with_itself_is_itself(tmp_path: Path, how: How, weights: tuple[float, ...]) -> None:
    adapter = an_adapter(tmp_path / "a", 1)
    made = joined(tmp_path, [adapter] * len(weights), how=how, weights=weights, density=1.0)
    assert_alike(deltas(made), deltas(adapter))


@pytest.mark.parametrize(("how", "theirs", "rank"), [("linear", "cat", 8), ("svd", "svd", 4), ("ties", "ties_svd", 4)])
def test_the_numbers_are_those_of_peft_where_it_has_the_same_way(
    tmp_path: Path, two: tuple[Path, Path], how: How, theirs: str, rank: int
) -> None:
    weights, density = (0.7, 0.4), 0.6
    model = PeftModel.from_pretrained(a_model(), str(two[0]), adapter_name="a")
    model.load_adapter(str(two[1]), adapter_name="b")
    model.add_weighted_adapter(["a", "b"], list(weights), "made", theirs, svd_rank=rank, density=density)
    model.save_pretrained(str(tmp_path / "peft"), selected_adapters=["made"])
    made = joined(tmp_path, list(two), how=how, weights=weights, rank=rank, density=density)
    assert_alike(deltas(made), deltas(tmp_path / "peft" / "made"))


def test_peft_loads_what_was_merged_and_it_changes_the_weights_by_as_much(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    made = joined(tmp_path, list(two), weights=(2.0, -1.0))
    one, other, plain = deltas(two[0]), deltas(two[1]), a_model().state_dict()
    merged = PeftModel.from_pretrained(a_model(), str(made)).merge_and_unload().state_dict()
    for name in one:
        change = (merged[f"{name}.weight"] - plain[f"{name}.weight"]).numpy()
        np.testing.assert_allclose(change, 2 * one[name] - other[name], atol=2e-5)


def test_dare_draws_alike_for_a_seed_and_keeps_the_mean(tmp_path: Path, two: tuple[Path, Path]) -> None:
    first, again, other = (
        deltas(joined(tmp_path, list(two), how="dare", density=0.5, seed=seed, rank=16)) for seed in (1, 1, 2)
    )
    assert_alike(first, again)
    assert any(not np.allclose(first[name], other[name]) for name in first)
    many = [deltas(joined(tmp_path, list(two), how="dare", seed=seed, rank=16)) for seed in range(60)]
    exact = deltas(joined(tmp_path, list(two), how="linear"))
    name = next(iter(exact))
    mean = np.mean([each[name] for each in many], axis=0)
    assert np.abs(mean - exact[name]).mean() < 0.25 * np.abs(exact[name]).mean()


def test_a_layer_that_one_does_not_change_is_that_of_the_others(tmp_path: Path) -> None:
    narrow = an_adapter(tmp_path / "a", 1, target_modules=["q_proj"])
    wide = an_adapter(tmp_path / "b", 2)
    made = deltas(joined(tmp_path, [narrow, wide], weights=(1.0, 1.0)))
    name = "model.layers.0.mlp.down_proj"
    np.testing.assert_allclose(made[name], deltas(wide)[name], atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"use_dora": True}, "DoRA"), ({"rank_pattern": {"q_proj": 4}}, "rank_pattern"), ({"bias": "all"}, "biases")],
)
def test_what_does_not_add_up_is_refused_with_its_kind(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    odd = an_adapter(tmp_path / "odd", 1, **changes)
    with pytest.raises(AdaptersDoNotFit, match=f"odd .*{reason}"):
        joined(tmp_path, [odd])


def test_other_shapes_and_a_wrong_count_of_weights_are_refused(tmp_path: Path, two: tuple[Path, Path]) -> None:
    with pytest.raises(MergeRefused, match="3 weights for 2"):
        joined(tmp_path, list(two), weights=(1.0, 1.0, 1.0))
    config = read_json(two[0] / "adapter_config.json")
    write_json(two[0] / "adapter_config.json", {**config, "target_modules": "all-linear"})
    with pytest.raises(AdaptersDoNotFit, match="one by one"):
        joined(tmp_path, list(two))
