"""The public samples load as they are: the right shape, the right number, and no false alarm."""

from pathlib import Path

import pytest

from luthier.data.check import check_source, load_examples
from luthier.domain.datasets import Example, Role, Shape
from luthier.domain.findings import Level

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="The public sample datasets are not beside this checkout, at ../shared/samples."
)


@pytest.mark.parametrize(
    ("name", "shape", "rows", "examples"),
    [
        ("alpaca_en_demo.json", Shape.ALPACA, 999, 999),
        ("identity.json", Shape.ALPACA, 91, 91),
        ("glaive_toolcall_en_demo.json", Shape.SHAREGPT, 300, 300),
        ("dpo_en_demo.json", Shape.PREFERENCE, 299, 299),
        ("kto_en_demo.json", Shape.LABELLED, 300, 300),
        ("c4_demo.jsonl", Shape.TEXT, 300, 300),
        ("reason_tool_use_demo_50.jsonl", Shape.MESSAGES, 50, 50),
    ],
)
def test_a_public_sample_loads_as_it_is(name: str, shape: Shape, rows: int, examples: int) -> None:
    report = check_source(SAMPLES / name)
    assert (report.mapping.shape, report.mapping.confidence) == (shape, 1.0)
    assert (report.rows, report.examples) == (rows, examples)
    assert [finding for finding in report.findings if finding.level is not Level.NOTE] == []


def test_calls_and_results_of_the_tool_samples_are_all_there() -> None:
    for name, calls, results in (("glaive_toolcall_en_demo.json", 211, 211), ("reason_tool_use_demo_50.jsonl", 68, 42)):
        messages = [
            message
            for example in load_examples(SAMPLES / name)
            if isinstance(example, Example)
            for message in example.messages
        ]
        assert sum(len(message.tool_calls) for message in messages) == calls
        assert sum(message.role is Role.TOOL for message in messages) == results
