"""Datasets and the reports on them."""

from typing import Any

from luthier.domain.datasets import Dataset, DatasetReport, Mapping, Shape
from luthier.kit.ids import new_id
from tests.builders.moments import a_moment


def a_dataset_report(**changes: Any) -> DatasetReport:
    values: dict[str, Any] = {
        "source": "orders.jsonl",
        "source_bytes": 48_000,
        "encoding": "utf-8",
        "mapping": Mapping(
            shape=Shape.MESSAGES, columns={"messages": "messages"}, confidence=1.0, reason="Every row has messages."
        ),
        "rows": 240,
        "examples": 240,
        "turns_mean": 2.0,
        "characters_p50": 180,
        "characters_max": 420,
        "findings": (),
    }
    return DatasetReport(**(values | changes))


def a_dataset(**changes: Any) -> Dataset:
    values: dict[str, Any] = {
        "dataset_id": new_id("ds"),
        "name": "orders",
        "sha256": "ab" * 32,
        "shape": Shape.MESSAGES,
        "examples": 240,
        "source": "orders.jsonl",
        "created_at": a_moment(),
        "report": a_dataset_report(),
    }
    return Dataset(**(values | changes))
