"""Files within a size: the limit is kept to the byte, and what is lost is as little as can be."""

from pathlib import Path

import pytest

from luthier.domain.exports import ExportTooSmall
from luthier.export.choosing import types_within
from luthier.export.facts import tensor_types
from luthier.export.gguf_model import About, GgufModel
from luthier.export.layout import Placed
from luthier.export.merging import merged
from tests.builders.models import a_model_folder
from tests.export.proving import silently


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> GgufModel:
    base = a_model_folder(tmp_path_factory.mktemp("base"), hidden_size=256, intermediate_size=512)
    return GgufModel(base, merged(base, None), About("tiny", "none", "tiny", None))


def weights_size(model: GgufModel, kind: str) -> int:
    return model.size(model.types(kind))


@pytest.mark.parametrize("share", [0.95, 0.6, 0.35, 0.25])
def test_a_limit_is_kept_to_the_byte_and_most_of_it_is_used(model: GgufModel, tmp_path: Path, share: float) -> None:
    limit = int(share * weights_size(model, "F16"))
    types = types_within(model, limit, silently)
    model.write(tmp_path / "model.gguf", types, 1, 1, lambda done, total: None)
    assert 0.85 * limit < (tmp_path / "model.gguf").stat().st_size <= limit


def test_more_room_never_makes_a_tensor_coarser_on_the_whole(model: GgufModel) -> None:
    sizes = [weights_size(model, "F16") * share // 100 for share in (25, 40, 60, 90)]
    bits = [
        sum(8 * tensor_types().type(name).size(tensor.elements) for tensor, name in pairs(model, limit))
        for limit in sizes
    ]
    assert bits == sorted(bits)


def test_a_limit_that_nothing_reaches_is_refused_with_the_smallest_that_can_be(model: GgufModel) -> None:
    with pytest.raises(ExportTooSmall) as refused:
        types_within(model, 1000, silently)
    smallest = int(str(refused.value.problem.fields["smallest_argument"]).removesuffix("B"))
    assert types_within(model, smallest, silently)
    with pytest.raises(ExportTooSmall):
        types_within(model, smallest - 1, silently)


def test_with_room_for_everything_nothing_is_made_coarser(model: GgufModel) -> None:
    assert types_within(model, 10**9, silently) == model.types("F16")


def pairs(model: GgufModel, limit: int) -> list[tuple[Placed, str]]:
    types = types_within(model, limit, silently)
    return [(tensor, types[tensor.name]) for tensor in model.tensors]
