"""On public data, whose faults are known, the detectors find those and raise few false alarms."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from luthier.data.check import load_examples
from luthier.data.quality import find_private
from luthier.data.quality.parts import parts_of
from luthier.data.quality.scoring import Assessment
from luthier.domain.datasets import Example
from tests.data.quality.planted import assessed, codes_of

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="The public sample datasets are not beside this checkout, at ../shared/samples."
)


@cache
def examples_of(name: str) -> tuple[Example, ...]:
    return tuple(item for item in load_examples(SAMPLES / name) if isinstance(item, Example))


@cache
def assessment_of(name: str) -> Assessment:
    return assessed(examples_of(name))


def shares_of(name: str) -> dict[str, float]:
    found = Counter(code for codes in codes_of(assessment_of(name)).values() for code in codes)
    return {code: count / len(examples_of(name)) for code, count in found.items()}


@pytest.mark.parametrize("name", ["alpaca_en_demo.json", "c4_demo.jsonl", "dpo_en_demo.json", "kto_en_demo.json"])
def test_few_rows_of_public_data_are_taken_for_private_or_poisoned(name: str) -> None:
    shares = shares_of(name)
    assert shares.get("personal", 0) < 0.05
    assert shares.get("secret", 0) == 0
    assert shares.get("text.trigger", 0) == 0
    assert shares.get("text.injection", 0) < 0.01


def test_hardly_any_row_of_made_up_instructions_holds_personal_data() -> None:
    with_data = [
        example.row
        for example in examples_of("alpaca_en_demo.json")
        if any(find_private(said.text) for said in parts_of(example).texts)
    ]
    assert len(with_data) < 0.02 * 999


def test_the_set_with_unfilled_names_is_found_out() -> None:
    assert shares_of("identity.json")["template.unrendered"] > 0.7


@pytest.mark.parametrize("name", ["alpaca_en_demo.json", "dpo_en_demo.json", "reason_tool_use_demo_50.jsonl"])
def test_most_rows_of_curated_data_are_without_doubt(name: str) -> None:
    scores = assessment_of(name).scored.scores
    assert float((scores == 1).mean()) > 0.8
    assert float(scores.mean()) > 0.93


@pytest.mark.parametrize("name", ["alpaca_en_demo.json", "glaive_toolcall_en_demo.json", "dpo_en_demo.json"])
def test_exactly_the_rows_that_were_there_before_are_exact_duplicates(name: str) -> None:
    seen: set[str] = set()
    repeated = set()
    for example in examples_of(name):
        content = repr((example.messages, example.tools))
        if content in seen:
            repeated.add(example.row)
        seen.add(content)
    assert repeated
    assert {row for row, codes in codes_of(assessment_of(name)).items() if "duplicate.exact" in codes} == repeated


@pytest.mark.parametrize(("name", "language"), [("c4_demo.jsonl", "English"), ("identity.json", "Chinese")])
def test_the_language_of_most_rows_is_told(name: str, language: str) -> None:
    counts = assessment_of(name).columns.languages
    assert counts.most_common(1)[0][0] == language
    assert counts.total() == len(examples_of(name))
