"""The samples are what their list says, can be imported without a doubt, and are each described."""

from pathlib import Path

import pytest

from luthier.data.check import check_source, load_examples
from luthier.data.samples import sample_path, samples
from luthier.domain.datasets import Example, Sample, SampleNotFound, Shape
from luthier.domain.findings import Level

NAMES = [sample.name for sample in samples()]


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest) -> Sample:
    return next(each for each in samples() if each.name == request.param)


def test_every_shape_has_a_sample_and_there_is_a_table() -> None:
    assert {sample.shape for sample in samples()} == set(Shape)
    assert any(sample.file.endswith(".csv") for sample in samples())
    assert len(set(NAMES)) == len(NAMES)


def test_a_sample_is_what_the_list_says_and_nothing_is_wrong_with_it(sample: Sample) -> None:
    report = check_source(sample_path(sample.name))
    assert (report.mapping.shape, report.examples) == (sample.shape, sample.examples)
    assert report.mapping.confidence == 1.0
    assert [finding for finding in report.findings if finding.level is not Level.NOTE] == []
    assert 12 <= report.rows <= 40


def test_no_example_of_a_sample_comes_twice(sample: Sample) -> None:
    found = [item for item in load_examples(sample_path(sample.name)) if isinstance(item, Example)]
    contents = {
        (example.messages, example.text) for example in found if not any(m.tool_calls for m in example.messages)
    }
    calls = [example for example in found if any(message.tool_calls for message in example.messages)]
    assert len(contents) + len({repr(example.messages) for example in calls}) == len(found)


def test_every_sample_is_described_beside_it(sample: Sample) -> None:
    readme = (Path(sample_path(sample.name)).parent / "README.md").read_text(encoding="utf-8")
    assert f"sample:{sample.name}" in readme
    assert "Licence" in readme


def test_a_sample_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SampleNotFound, match="stock-tools"):
        sample_path("../../secrets")
