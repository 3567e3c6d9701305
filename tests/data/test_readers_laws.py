"""The same rows are the same dataset, whatever file they are written into."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from luthier.data.check import Scan
from luthier.domain.datasets import Example, Shape
from luthier.domain.findings import Level
from tests.data.hostile.archives import zipped, zstd

Rows = list[dict[str, Any]]
words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30).map(
    lambda text: f"a{text}"
)
turns = st.tuples(words, words).map(
    lambda pair: [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
)
sharegpt = st.tuples(words, words).map(
    lambda pair: [{"from": "human", "value": pair[0]}, {"from": "gpt", "value": pair[1]}]
)
ROWS: dict[Shape, st.SearchStrategy[dict[str, Any]]] = {
    Shape.ALPACA: st.fixed_dictionaries({"instruction": words, "input": words, "output": words}),
    Shape.SHAREGPT: st.fixed_dictionaries({"conversations": sharegpt}),
    Shape.MESSAGES: st.fixed_dictionaries({"messages": turns}),
    Shape.PROMPT_COMPLETION: st.fixed_dictionaries({"prompt": words, "completion": words}),
    Shape.TEXT: st.fixed_dictionaries({"text": words}),
    Shape.PREFERENCE: st.fixed_dictionaries({"prompt": words, "chosen": words, "rejected": words}),
    Shape.LABELLED: st.fixed_dictionaries({"prompt": words, "completion": words, "label": st.just(True)}),
    Shape.PROMPT: st.fixed_dictionaries({"prompt": words}),
}


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(rows: Rows) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0])
    writer.writeheader()
    writer.writerows(
        {key: item if isinstance(item, str) else json.dumps(item) for key, item in row.items()} for row in rows
    )
    return written.getvalue().encode()


def columns(rows: Rows) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), written)
    return written.getvalue()


WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "a.jsonl": lines,
    "a.json": lambda rows: json.dumps(rows, indent=1).encode(),
    "a.data": lambda rows: json.dumps({"version": 1, "rows": rows}).encode("utf-16"),
    "a.csv": table,
    "a.parquet": columns,
    "a.jsonl.gz": lambda rows: gzip.compress(lines(rows)),
    "a.csv.zst": lambda rows: zstd(table(rows)),
    "a.zip": lambda rows: zipped(("b/a.jsonl", lines(rows))),
}


def read(path: Path) -> tuple[Shape, float, list[Example]]:
    scan = Scan(path)
    examples = [item for item in scan if isinstance(item, Example)]
    report = scan.report()
    assert [each for each in report.findings if each.level is Level.ERROR] == []
    return report.mapping.shape, report.mapping.confidence, examples


@settings(max_examples=12, deadline=None)
@pytest.mark.parametrize("shape", ROWS)
@given(data=st.data())
def test_rows_of_a_shape_are_the_same_examples_in_every_kind_of_file(
    tmp_path_factory: pytest.TempPathFactory, shape: Shape, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(ROWS[shape], min_size=2, max_size=5))
    folder = tmp_path_factory.mktemp("kinds")
    wanted: list[Example] | None = None
    for name, write in WRITERS.items():
        path = folder / name
        path.write_bytes(write(rows))
        found, confidence, examples = read(path)
        assert (found, confidence) == (shape, 1.0), name
        assert len(examples) == len(rows)
        wanted = wanted or examples
        assert examples == wanted, name
