"""The sample task is what its script writes, each answer follows from its order, and memorising does not help."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from luthier.data.check import check_source, load_examples
from luthier.domain.datasets import Example

ROOT = Path(__file__).parents[2]
ORDERS = ROOT / "src/luthier/data/samples/workshop_orders"


def orders(name: str) -> list[tuple[str, dict]]:  # type: ignore[type-arg]
    examples = [example for example in load_examples(ORDERS / name) if isinstance(example, Example)]
    return [(example.messages[1].content, json.loads(example.messages[2].content)) for example in examples]


def names(answers: list[tuple[str, dict]]) -> list[tuple[str, ...]]:  # type: ignore[type-arg]
    return [tuple(sorted(item["name"] for item in answer["items"])) for _, answer in answers]


def test_the_files_are_what_the_script_writes(tmp_path: Path) -> None:
    script = ROOT / "scripts/write_workshop_orders.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    for name in ("train.jsonl", "held_out.jsonl"):
        assert (tmp_path / name).read_bytes() == (ORDERS / name).read_bytes()


@pytest.mark.parametrize(("name", "count"), [("train.jsonl", 300), ("held_out.jsonl", 60)])
def test_the_examples_are_sound_and_all_different(name: str, count: int) -> None:
    report = check_source(ORDERS / name)
    assert (report.examples, report.findings) == (count, ())
    assert len({text for text, _ in orders(name)}) == count


@pytest.mark.parametrize("name", ["train.jsonl", "held_out.jsonl"])
def test_every_answer_follows_from_its_order(name: str) -> None:
    for text, answer in orders(name):
        assert list(answer) == ["customer", "items", "due"]
        assert answer["customer"] in text
        assert 1 <= len(answer["items"]) <= 3
        for item in answer["items"]:
            assert list(item) == ["name", "quantity", "unit"]
            assert item["name"].lower() in text.lower().replace("-grit", " grit")
        if answer["due"] is not None:
            due = date.fromisoformat(answer["due"])
            assert str(due.year) in text and str(due.day) in text and due.strftime("%B") in text


def test_memorising_does_not_help() -> None:
    train, held_out = orders("train.jsonl"), orders("held_out.jsonl")
    assert not {text for text, _ in train} & {text for text, _ in held_out}
    assert not {answer["customer"].split()[1] for _, answer in train} & {
        answer["customer"].split()[1] for _, answer in held_out
    }
    assert not set(names(train)) & set(names(held_out))
    taught = {name for combination in names(train) for name in combination}
    assert sum(any(name not in taught for name in combination) for combination in names(held_out)) >= 10


def test_the_task_is_varied() -> None:
    answers = [answer for _, answer in orders("train.jsonl")]
    assert {len(answer["items"]) for answer in answers} == {1, 2, 3}
    assert {item["unit"] for answer in answers for item in answer["items"]} == {
        *("piece", "sheet", "bottle", "jar", "set", "metre", "box")
    }
    assert {answer["due"][5:7] for answer in answers if answer["due"]} == {f"{month:02d}" for month in range(1, 13)}
    assert 20 <= sum(answer["due"] is None for answer in answers) <= 80
