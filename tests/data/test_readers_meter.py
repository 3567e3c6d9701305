"""How much of a source is read is known whatever its kind: it grows, counts nothing twice, and ends with all of it."""

import gzip
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from luthier.data.check import Scan
from luthier.data.readers.meter import Meter
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Reading
from luthier.domain.jobs import Progress
from tests.data.hostile.archives import zipped

NOISE = random.Random(7)  # so that packing does not make it small
ROWS = [{"prompt": f"{number} pegs {NOISE.randbytes(300).hex()}", "completion": "yes"} for number in range(1500)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
TABLE = "prompt,completion\n" + "".join(f"{row['prompt']},{row['completion']}\n" for row in ROWS)


def write_parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path, row_group_size=100, compression="none")


def write_folder(path: Path) -> None:
    path.mkdir()
    (path / "a.jsonl").write_bytes(LINES)
    (path / "b.csv").write_text(TABLE)
    (path / "picture.png").write_bytes(b"\x89PNG" + bytes(300_000))


SOURCES = {
    "a.jsonl": lambda path: path.write_bytes(LINES),
    "a.csv": lambda path: path.write_text(TABLE),
    "a.json": lambda path: path.write_text(json.dumps(ROWS)),
    "a.jsonl.gz": lambda path: path.write_bytes(gzip.compress(LINES, 1)),
    "a.zip": lambda path: path.write_bytes(zipped(("a.jsonl", LINES), ("b.jsonl", LINES))),
    "a.parquet": write_parquet,
    "folder": write_folder,
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_read_grows_to_the_size_of_the_source_and_never_beyond(tmp_path: Path, name: str) -> None:
    SOURCES[name](tmp_path / name)
    reading = Reading()
    scan = Scan(open_rows(tmp_path / name, reading), reading=reading)
    heard = [scan.progress for _ in scan.canonical()]
    assert [each.done for each in heard] == sorted(each.done for each in heard)
    end = scan.progress
    assert (end.unit, end.done, end.total) == ("bytes", end.total, scan.report().source_bytes)
    assert end.rows == scan.report().rows


def test_a_database_is_told_of_in_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE t (prompt TEXT, completion TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(f"{n} pegs", "yes") for n in range(300)])
    reading = Reading(query="SELECT * FROM t")
    scan = Scan(open_rows(tmp_path / "a.db", reading), reading=reading)
    scan.read_to_end()
    assert scan.progress == Progress(what="reading rows", done=300, total=0, rows=300)


def test_a_stretch_that_is_read_again_and_backwards_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1_000_000))
    meter = Meter()
    opened = meter.opener(tmp_path / "a", 1_000_000)
    with opened() as stream:
        stream.seek(900_000)
        stream.read(100_000)
        first = meter.done
        stream.seek(900_000)
        stream.read(100_000)
    assert 100_000 <= first == meter.done < 300_000
    with opened() as stream:
        while stream.read(300_000):
            pass
    assert meter.done == 1_000_000


def test_a_file_that_grows_while_it_is_read_is_never_more_than_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(200_000))
    meter = Meter()
    with meter.opener(tmp_path / "a", 200_000)() as stream:
        with open(tmp_path / "a", "ab") as more:
            more.write(bytes(500_000))
        while stream.read(1 << 16):
            pass
    assert meter.done == 200_000
