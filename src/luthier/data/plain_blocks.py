"""Judges blocks of JSON lines in which no row can be wrong, all rows at once; any doubt leaves them to be read by rows.

Whatever is counted and written here is the same row by row: the tests hold both ways to one report and one file.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from numpy.typing import NDArray

from luthier.data.characters import is_odd
from luthier.data.facts import column_facts, trap_facts
from luthier.data.shapes import parts_of
from luthier.domain.datasets import Mapping, Shape

_NO_VALUES = (b"NaN", b"Infinity")  # what the parser takes and a reader by rows does not
_TOO_MANY_DIGITS = re.compile(rb"\d{4000}")
_FILED = "category"  # the one part that every shape may have and that is not learned
_DEEPEST = 40  # levels of columns that are not used
_ROLES = ("system", "user", "assistant")
_SPEAKERS = ("system", "human", "gpt")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a block in which each row is an example."""

    turns: int
    lengths: NDArray[np.int64]  # characters of each row


_Counter = Callable[[Any, dict[str, str]], Counts]


class _Doubt(Exception):
    """This block has to be read by rows."""


class PlainBlocks:
    """`columns` are those that the first rows have; one that appears later is a doubt."""

    def __init__(self, mapping: Mapping, columns: Sequence[str]) -> None:
        self._mapping = mapping
        self._columns = frozenset(columns)
        self._schema = pa.schema([(name, _type_of(part, mapping.shape)) for part, name in mapping.columns.items()])
        self._count = _COUNTERS[mapping.shape]

    @classmethod
    def of(cls, mapping: Mapping | None, columns: Sequence[str]) -> "PlainBlocks | None":
        """None for what is always read by rows: rarer shapes, and columns of which a part might be meant."""
        if mapping is None or frozenset(mapping.columns) - {_FILED} not in _PARTS.get(mapping.shape, ()):
            return None
        names = {name for part in parts_of(mapping.shape) for name in column_facts().parts[part].sure}
        unused = set(columns) - set(mapping.columns.values())
        return None if any(column.strip().lower() in names for column in unused) else cls(mapping, columns)

    def count(self, data: bytes | bytearray, lines: int) -> Counts | None:
        """None when a row may be wrong, or merely unusual."""
        try:
            if not data.isascii():
                data.decode()  # what Arrow accepts in a column that nobody uses
            table = self._parsed(data)
            if table.num_rows != lines:
                raise _Doubt
            if _FILED in self._mapping.columns:
                _plain(pc.unique(table[self._mapping.columns[_FILED]]).drop_null())
            return self._count(table, self._mapping.columns)
        except (_Doubt, UnicodeDecodeError, pa.ArrowException):
            return None

    def canonical(self, data: bytes | bytearray, rows_before: int) -> bytes:
        """The lines that `count` has no doubt about, as canonical examples."""
        parts, form = self._mapping.columns, _FORMS[self._mapping.shape]
        if _FILED in parts:
            form = _filed(form)
        lines = enumerate(bytes(data).splitlines(), rows_before + 1)
        return b"".join(
            b'{"row":%d,%b\n' % (row, orjson.dumps(form(orjson.loads(line), parts))[1:]) for row, line in lines
        )

    def _parsed(self, data: bytes | bytearray) -> Any:
        unused = self._columns - set(self._mapping.columns.values())
        if unused and any(value in data for value in _NO_VALUES):
            raise _Doubt
        table = pj.read_json(
            pa.BufferReader(data),
            read_options=pj.ReadOptions(block_size=len(data) + 1, use_threads=False),  # whoever asks has threads
            parse_options=pj.ParseOptions(
                explicit_schema=self._schema,
                newlines_in_values=False,
                unexpected_field_behavior="infer" if unused else "error",
            ),
        )
        if not self._columns >= set(table.column_names) or any(_depth(each) > _DEEPEST for each in table.schema.types):
            raise _Doubt
        if any(pa.types.is_floating(each) for each in table.schema.types) and _TOO_MANY_DIGITS.search(data):
            raise _Doubt
        return table.combine_chunks()


# ── the shapes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _conversations(
    part: str, role: str, content: str, names: tuple[str, ...]
) -> Callable[[Any, dict[str, str]], Counts]:
    def count(table: Any, columns: dict[str, str]) -> Counts:
        rows = _whole(table[columns[part]])
        turns = rows.values
        if turns.null_count or turns.type.num_fields != 2:
            raise _Doubt
        offsets = rows.offsets.to_numpy()
        codes = pc.index_in(_whole(turns.field(role)), value_set=pa.array(names))
        if codes.null_count:
            raise _Doubt
        _require_order(codes.to_numpy(), offsets)
        lengths = _lengths_of_said(_whole(turns.field(content)))
        return Counts(turns=len(lengths), lengths=np.add.reduceat(lengths, offsets[:-1]))

    return count


def _asked_and_answered(table: Any, columns: dict[str, str]) -> Counts:
    lengths = sum(_lengths_of_said(_whole(table[columns[part]])) for part in ("prompt", "completion"))
    return Counts(turns=2 * table.num_rows, lengths=np.asarray(lengths))


def _instructed(table: Any, columns: dict[str, str]) -> Counts:
    lengths = sum(_lengths_of_said(_whole(table[columns[part]])) for part in ("instruction", "output"))
    if "input" in columns:
        added = _plain(pc.fill_null(table[columns["input"]], "").combine_chunks())
        characters = pc.utf8_length(added).to_numpy()
        said = pc.utf8_length(pc.utf8_trim_whitespace(added)).to_numpy() > 0
        lengths = lengths + np.where(said, characters + len("\n\n"), 0)
    return Counts(turns=2 * table.num_rows, lengths=np.asarray(lengths))


def _texts(table: Any, columns: dict[str, str]) -> Counts:
    return Counts(turns=0, lengths=_lengths_of_said(_whole(table[columns["text"]])))


_Form = Callable[[dict[str, Any], dict[str, str]], dict[str, Any]]


def _turns_form(part: str, role: str, content: str, names: tuple[str, ...]) -> _Form:
    roles = dict(zip(names, _ROLES, strict=True))

    def form(row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
        return {"messages": [{"role": roles[turn[role]], "content": turn[content]} for turn in row[columns[part]]]}

    return form


def _answered(asked: str, said: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}


def _instructed_form(row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    instruction = row[columns["instruction"]]
    added = row.get(columns["input"]) or "" if "input" in columns else ""
    return _answered(f"{instruction}\n\n{added}" if added.strip() else instruction, row[columns["output"]])


def _filed(form: _Form) -> _Form:
    def with_category(row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
        category = row.get(columns[_FILED]) or ""
        return {**form(row, columns), _FILED: category} if category.strip() else form(row, columns)

    return with_category


def _require_order(codes: NDArray[np.int32], offsets: NDArray[np.int32]) -> None:
    """After at most one system turn, which comes first, user and assistant in turn, and the last word is an answer."""
    starts, counts = offsets[:-1], np.diff(offsets)
    if not len(counts) or counts.min() < 2 or len(codes) != offsets[-1]:
        raise _Doubt
    begins_with_system = codes[starts] == 0
    place = np.arange(len(codes)) - np.repeat(starts + begins_with_system, counts)
    expected = np.where(place < 0, 0, 1 + place % 2)
    if not np.array_equal(codes, expected) or not (codes[offsets[1:] - 1] == 2).all():
        raise _Doubt


def _lengths_of_said(texts: Any) -> NDArray[np.int64]:
    if not len(texts):
        raise _Doubt
    said, bounds = _memory_of(texts)
    sizes = np.diff(bounds)
    if _is_printed_ascii(said):
        if not sizes.all() or ((said[bounds[:-1] - bounds[0]] == ord(" ")).any() and _has_blank(texts)):
            raise _Doubt
        _require_no_mark(str(said.data, "ascii"))
        return sizes
    if _has_blank(texts):
        raise _Doubt
    return np.asarray(pc.utf8_length(_plain(texts)).to_numpy(), dtype=np.int64)


def _memory_of(texts: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all texts, one after the other, and where in the column each begins and the last ends."""
    _, offsets, said = texts.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    whole = np.frombuffer(said, dtype=np.uint8) if said is not None else np.zeros(0, dtype=np.uint8)
    return whole[bounds[0] : bounds[-1]], bounds


def _is_printed_ascii(said: NDArray[np.uint8]) -> bool:
    """No line ends either: what has them is looked at more closely."""
    return bool(said.min(initial=ord(" ")) >= ord(" ") and said.max(initial=ord(" ")) <= ord("~"))


def _has_blank(texts: Any) -> bool:
    return bool(pc.min(pc.utf8_length(pc.utf8_trim_whitespace(texts))).as_py() == 0)


def _plain(texts: Any) -> Any:
    """The same, unless a trap may stand in one of them. All are looked at as one text, a line end between any two."""
    together = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined = pc.binary_join(together, "\n")[0].as_py()
    if is_odd(joined):
        raise _Doubt
    _require_no_mark(joined)
    return texts


def _require_no_mark(text: str) -> None:
    """One character is found far sooner than several, and of a mark at least one is rare."""
    if any(all(character in text for character in mark) and mark in text for mark in _marks()):
        raise _Doubt


@cache
def _marks() -> frozenset[str]:
    return frozenset(trap.mark for trap in trap_facts().marked)


def _whole(column: Any) -> Any:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray) or array.null_count:
        raise _Doubt
    return array


def _depth(kind: Any) -> int:
    return 1 + max((_depth(kind.field(at).type) for at in range(kind.num_fields)), default=0)


def _turns_type(role: str, content: str) -> Any:
    return pa.list_(pa.struct([(role, pa.string()), (content, pa.string())]))


def _type_of(part: str, shape: Shape) -> Any:
    return pa.string() if part == _FILED else _TYPES[shape]


_TYPES = {
    Shape.MESSAGES: _turns_type("role", "content"),
    Shape.SHAREGPT: _turns_type("from", "value"),
    Shape.PROMPT_COMPLETION: pa.string(),
    Shape.ALPACA: pa.string(),
    Shape.TEXT: pa.string(),
}
_COUNTERS = {
    Shape.MESSAGES: _conversations("messages", "role", "content", _ROLES),
    Shape.SHAREGPT: _conversations("conversations", "from", "value", _SPEAKERS),
    Shape.PROMPT_COMPLETION: _asked_and_answered,
    Shape.ALPACA: _instructed,
    Shape.TEXT: _texts,
}
_FORMS: dict[Shape, _Form] = {
    Shape.MESSAGES: _turns_form("messages", "role", "content", _ROLES),
    Shape.SHAREGPT: _turns_form("conversations", "from", "value", _SPEAKERS),
    Shape.PROMPT_COMPLETION: lambda row, columns: _answered(row[columns["prompt"]], row[columns["completion"]]),
    Shape.ALPACA: _instructed_form,
    Shape.TEXT: lambda row, columns: {"text": row[columns["text"]]},
}
_PARTS = {
    Shape.MESSAGES: ({"messages"},),
    Shape.SHAREGPT: ({"conversations"},),
    Shape.PROMPT_COMPLETION: ({"prompt", "completion"},),
    Shape.ALPACA: ({"instruction", "output"}, {"instruction", "input", "output"}),
    Shape.TEXT: ({"text"},),
}
