"""Base models side by side: whole for those here, as much as is known for others, and the hub only when asked."""

from pathlib import Path

import pytest

from luthier.domain.model_comparisons import ModelComparison, ModelsToCompare
from luthier.domain.models import BaseModelNotFound
from tests.builders.models import a_model_folder
from tests.kit.loopback import Loopback
from tests.services.hub_shops import NAME, Opener
from tests.services.hub_shops import hub as hub
from tests.services.hub_shops import shop as shop
from tests.services.hub_shops import tiny as tiny

PUBLISHED = "Qwen/Qwen2.5-0.5B-Instruct"


def row(compared: ModelComparison, label: str) -> tuple[str, ...]:
    return next(each.values for each in compared.rows if each.label == label)


def test_a_model_that_is_here_says_everything_about_itself(shop: Opener, tiny: Path) -> None:
    workspace = shop()
    workspace.models.pull(NAME)
    compared = workspace.model_comparisons.of([NAME, str(tiny)])
    assert row(compared, "Where") == ("on this machine", "on this machine")
    assert row(compared, "Context") == ("1\u202f024 tokens", "1\u202f024 tokens")
    assert row(compared, "Tokenizer") == ("BPE, 258 tokens", "BPE, 258 tokens")
    assert row(compared, "Chat template") == ("yes", "yes")
    assert row(compared, "Licence") == ("apache-2.0", "not stated")
    assert row(compared, "Family")[0] == "llama"
    assert compared.is_complete and "the same tokens" in compared.token_sentence


def test_nothing_is_asked_of_the_hub_unless_somebody_wants_it(shop: Opener, hub: Loopback) -> None:
    compared = shop().model_comparisons.of([PUBLISHED, "starter"])
    assert hub.seen == []
    assert not compared.is_complete and compared.token_sentence == ""
    assert row(compared, "Tokenizer") == ("not known", "not known")
    assert "not known" not in row(compared, "Parameters") + row(compared, "Context")[:1]


def test_the_hub_is_asked_for_tokenizer_and_sizes_and_for_no_weights(shop: Opener, hub: Loopback, tiny: Path) -> None:
    workspace = shop()
    compared = workspace.model_comparisons.of([NAME, str(tiny)], ask_hub=True)
    assert compared.is_complete
    assert row(compared, "Where")[0] == "on the hub"
    assert not workspace.models.is_here(NAME)
    whole = [path for path, headers in hub.seen if "safetensors" in path and "Range" not in headers]
    assert whole == []


def test_what_the_hub_does_not_answer_is_said_beside_what_is_known(shop: Opener) -> None:
    compared = shop().model_comparisons.of([PUBLISHED, "starter"], ask_hub=True)
    assert "Qwen/Qwen2.5-0.5B-Instruct" in compared.models[0].problem
    assert row(compared, "Parameters")[0] != "not known"


def test_other_tokenizers_make_other_tokens(shop: Opener, tiny: Path, tmp_path: Path) -> None:
    other = a_model_folder(tmp_path / "other")
    path = other / "tokenizer.json"
    path.write_text(path.read_text().replace('"<|im_start|>"', '"<|start|>"'))
    compared = shop().model_comparisons.of([str(tiny), str(other)])
    assert "different tokens" in compared.token_sentence


@pytest.mark.parametrize("names", [[], ["starter"], ["starter", "starter"], ["a/a", "b/b", "c/c", "d/d"]])
def test_one_model_or_four_are_refused_with_how_many_there_may_be(shop: Opener, names: list[str]) -> None:
    with pytest.raises(ModelsToCompare, match="Two or three"):
        shop().model_comparisons.of(names)


@pytest.mark.parametrize("ask_hub", [False, True])
def test_what_nobody_knows_is_not_found(shop: Opener, ask_hub: bool) -> None:
    with pytest.raises(BaseModelNotFound):
        shop().model_comparisons.of(["starter", "nobody/knows"], ask_hub=ask_hub)
