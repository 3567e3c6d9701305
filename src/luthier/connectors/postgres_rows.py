"""The result of a query to PostgreSQL as rows: read in a transaction that cannot write, a few hundred at a time."""

from collections.abc import Iterator

from luthier.data.readers.database import record_rows
from luthier.data.readers.rows import Row, RowSource
from luthier.domain.dataset_sources import DatabaseUnreachable, QueryFailed
from luthier.domain.errors import PackageMissing

_CONNECT_SECONDS = 10
_ROWS_AT_ONCE = 500


def postgres_source(address: str, shown: str, query: str) -> RowSource:
    """`shown` is the address without its password. Nothing is asked before the rows are read."""
    return RowSource(shown, "query", "UTF-8", 0, lambda: _rows(address, shown, query))


def _rows(address: str, shown: str, query: str) -> Iterator[Row]:
    try:
        import psycopg
    except ImportError as error:
        raise PackageMissing(package="psycopg", extra="team") from error
    try:
        connection = psycopg.connect(address, connect_timeout=_CONNECT_SECONDS)
    except psycopg.Error as error:
        raise DatabaseUnreachable(source=shown, reason=_words(error)) from error
    try:
        with connection:
            connection.read_only = True
            with connection.cursor(name="luthier_rows") as cursor:  # named: the server keeps the rows, not this process
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(query.encode())
                yield from record_rows([column.name for column in cursor.description or ()], cursor)
    except psycopg.Error as error:
        raise QueryFailed(source=shown, reason=_words(error)) from error


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
