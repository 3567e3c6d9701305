"""Parquet and Arrow files: types that are no text, files cut off, and values that could be more than values."""

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow
from pyarrow import ipc, parquet

from tests.data.hostile.archives import zipped
from tests.data.hostile.cases import Case, refused

_TABLE = pyarrow.table({"prompt": ["a", "b"], "completion": ["c", "d"]})
_CHATS = [[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]] * 2


def _parquet(columns: Any, **how: Any) -> bytes:
    packed = io.BytesIO()
    parquet.write_table(columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns), packed, **how)
    return packed.getvalue()


def _arrow(table: pyarrow.Table, *, stream: bool) -> bytes:
    packed = io.BytesIO()
    with (ipc.new_stream if stream else ipc.new_file)(packed, table.schema) as writer:
        writer.write_table(table)
    return packed.getvalue()


def _with_extension(name: str) -> pyarrow.Table:
    field = pyarrow.field("prompt", pyarrow.binary(), metadata={"ARROW:extension:name": name})
    schema = pyarrow.schema([field, pyarrow.field("completion", pyarrow.string())])
    return pyarrow.table([pyarrow.array([b"\x80\x04N."]), pyarrow.array(["b"])], schema=schema)


def _nested(levels: int) -> pyarrow.Table:
    kind = pyarrow.string()
    for _ in range(levels):
        kind = pyarrow.list_(kind)
    return pyarrow.table({"prompt": ["a"], "completion": ["b"], "deep": pyarrow.nulls(1, kind)})


def _with(**column: Any) -> dict[str, Any]:
    return {"prompt": ["a", "b"], "completion": ["c", "d"], **column}


CASES: tuple[Case, ...] = (
    Case("table.parquet", _parquet(_TABLE), examples=2),
    Case("called-lines.jsonl", _parquet(_TABLE), examples=2),
    Case("chats.parquet", _parquet({"messages": _CHATS}), examples=2),
    Case("zstd.parquet", _parquet(_TABLE, compression="zstd"), examples=2),
    Case("inside.zip", zipped(("a.parquet", _parquet(_TABLE))), examples=2),
    Case("repeated.parquet", _parquet({"prompt": ["x" * 100_000] * 300, "completion": ["b"] * 300}), examples=300),
    Case("dates.parquet", _parquet(_with(at=[datetime(2026, 1, 1)] * 2, price=[Decimal("1.5")] * 2)), examples=2),
    Case("numbers.parquet", _parquet({"prompt": [1, 2], "completion": ["a", "b"]}), ("field_type", "field_type")),
    Case(
        "nothing.parquet",
        _parquet({"prompt": pyarrow.nulls(2), "completion": ["a", "b"]}),
        ("field_missing", "field_missing"),
    ),
    Case(
        "not-numbers.parquet",
        _parquet({"prompt": ["a", "b"], "completion": [float("nan"), 1.0]}),
        ("field_missing", "field_type"),
    ),
    Case("bytes.parquet", _parquet({"prompt": [b"\x80\x04N."], "completion": ["b"]}), ("field_type",)),
    Case(
        "bytes-inside.parquet",
        _parquet({"messages": _CHATS, "tools": [[{"name": b"f"}], [{"name": b"g"}]]}),
        ("field_type", "field_type"),
    ),
    Case("one-null.parquet", _parquet({"prompt": ["a", None], "completion": ["c", "d"]}), ("field_missing",), 1),
    refused("extension.parquet", _parquet(_with_extension("arrow.py_extension_type")), says="extension type"),
    refused("stranger.parquet", _parquet(_with_extension("some.pickled.thing")), says="extension type"),
    refused("deep.parquet", _parquet(_nested(40)), says="levels deep"),
    refused("cut-off.parquet", _parquet(_TABLE)[:-9]),
    refused("beginning.parquet", b"PAR1\x15\x04"),
    refused("wrong-footer.parquet", _parquet(_TABLE)[:-8] + b"\xff\xff\xff\x7fPAR1"),
    refused("empty.parquet", _parquet(_TABLE.slice(0, 0)), "datasets.empty"),
    Case("table.arrow", _arrow(_TABLE, stream=False), examples=2),
    Case("stream.arrow", _arrow(_TABLE, stream=True), examples=2),
    refused("extension.arrow", _arrow(_with_extension("arrow.py_extension_type"), stream=True), says="extension type"),
    refused("cut-off.arrow", _arrow(_TABLE, stream=False)[:-20]),
    refused("garbage.arrow", b"\xff\xff\xff\xff" + b"garbage!" * 10),
)
