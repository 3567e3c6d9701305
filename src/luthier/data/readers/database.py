"""The result of a query as rows: an SQLite file opened so that nothing in it, or beside it, can be changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from luthier.data.readers.columnar import plain
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, RowSource, error_at
from luthier.domain.dataset_sources import QueryFailed, QueryMissing

_ALLOWED = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33)}
)


def sqlite_source(path: Path, query: str | None) -> RowSource:
    """Raises QueryMissing. The query is asked when the rows are read, and may then raise QueryFailed."""
    if not query:
        raise QueryMissing(source=path)
    return RowSource(str(path), "query", "UTF-8", path.stat().st_size, lambda: _sqlite_rows(path, query))


def record_rows(columns: Sequence[str], records: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """Rows of any database; two columns of one name are an error, since one would hide the other."""
    repeated = {name for name in columns if list(columns).count(name) > 1}
    for name in sorted(repeated):
        yield Row(0, None, None, (error_at("header_duplicate", f"The query gives two columns the name {name!r}."),))
    for number, record in enumerate(records, start=1):
        yield Row(number, None, {name: plain(value) for name, value in zip(columns, record, strict=True)})


def _sqlite_rows(path: Path, query: str) -> Iterator[Row]:
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW_BYTES)
            connection.set_authorizer(_only_reading)
            cursor = connection.execute(query)
            if cursor.description is None:
                raise QueryFailed(source=path, reason="it gives no rows")
            yield from record_rows([column[0] for column in cursor.description], cursor)
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        raise QueryFailed(source=path, reason=str(error).rstrip(".")) from error


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
