"""What a plan says of an export's size is what the export weighs."""

from pathlib import Path

import pytest

from luthier.connectors.model_folder import inspect_model_folder
from luthier.export.gguf_model import About, GgufModel
from luthier.export.merging import merged
from luthier.planning.exports import export_as
from luthier.planning.facts import exports
from tests.builders.models import a_model_folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("base"), hidden_size=512, intermediate_size=1536)


@pytest.mark.parametrize("kind", exports().kinds)
def test_the_size_that_is_planned_is_the_size_that_is_made(base: Path, kind: str) -> None:
    planned = export_as(kind, inspect_model_folder(base).shape).size
    model = GgufModel(base, merged(base, None), About("tiny", "none", "tiny", None))
    assert planned.low <= model.size(model.types(kind)) <= planned.high
