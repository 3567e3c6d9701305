import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.kit.clock import SystemClock
from luthier.kit.journal import DamagedJournal, JournalWriter, Record, cut_last, read_intact, read_journal


class StoppedClock(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 5, 4, 9, 30, 0, 123_999, tzinfo=UTC)


def written(path: Path, count: int) -> None:
    writer = JournalWriter(path, StoppedClock())
    for number in range(count):
        writer.append("step", {"loss": number / 7}, durable=number % 2 == 0)
    writer.close()


def test_facts_come_back_numbered_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 3)
    tail = read_journal(path)
    assert tail.records == [Record(n + 1, "2026-05-04T09:30:00.123Z", "step", {"loss": n / 7}) for n in range(3)]
    assert tail.offset == path.stat().st_size


def test_a_journal_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.jsonl") == ([], 0)


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writer = JournalWriter(path, StoppedClock())
    writer.append("one", {})
    first = read_journal(path)
    assert read_journal(path, first.offset) == ([], first.offset)
    writer.append("two", {})
    writer.append("three", {})
    writer.close()
    assert [record.kind for record in read_journal(path, first.offset).records] == ["two", "three"]


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 2)
    whole = path.read_bytes()
    last_line = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last_line, len(whole)):
        path.write_bytes(whole[:end])
        tail = read_journal(path)
        assert (len(tail.records), tail.offset) == (1, last_line)
    path.write_bytes(whole)
    assert len(read_journal(path, last_line).records) == 1


def test_every_changed_byte_of_a_complete_line_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 1)
    whole = path.read_bytes()
    for place in range(len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(DamagedJournal):
            read_journal(path)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"null", b"not json", b'{"seq":1}', b"\xff\xfe"])
def test_a_line_that_is_no_record_is_damage(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(DamagedJournal, match=r"journal\.jsonl"):
        read_journal(path)


_BODIES = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(st.characters(codec="utf-8")),
)


@settings(deadline=None)
@given(st.lists(_BODIES, max_size=5))
def test_any_fact_can_be_told(tmp_path_factory: pytest.TempPathFactory, bodies: list[dict[str, object]]) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    writer = JournalWriter(path, StoppedClock())
    for body in bodies:
        writer.append("fact", body)
    writer.close()
    finite = [{key: None if _is_not_finite(value) else value for key, value in body.items()} for body in bodies]
    assert [record.body for record in read_journal(path).records] == finite


def _is_not_finite(value: object) -> bool:
    return isinstance(value, float) and (value != value or abs(value) == float("inf"))


def test_a_writer_that_is_killed_loses_no_fact_that_it_had_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    code = (
        "import sys; from pathlib import Path; from luthier.kit.clock import SystemClock\n"
        "from luthier.kit.journal import JournalWriter\n"
        "writer = JournalWriter(Path(sys.argv[1]), SystemClock())\n"
        "while True: print(writer.append('fact', {'text': 'x' * 3000}), flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    time.sleep(0.1)
    process.kill()
    told = process.stdout.read().count("\n") + 1
    process.wait()
    numbers = [record.seq for record in read_journal(path).records]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= told


@pytest.mark.parametrize("room", [1, 30, 99, 150, 221])
def test_a_fact_that_a_full_disk_cuts_is_refused_and_not_glued_to_the_next(tmp_path: Path, room: int) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from luthier.kit.clock import SystemClock\n"
        "from luthier.kit.journal import JournalWriter\n"
        "writer = JournalWriter(Path(sys.argv[1]), SystemClock()); writer.append('first', {})\n"
        "size, (_, hard) = Path(sys.argv[1]).stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(sys.argv[2]), hard))\n"
        "try:\n writer.append('cut', {'text': 'x' * 500}); print('accepted')\nexcept OSError: print('refused')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)); writer.append('after', {})"
    )
    path = tmp_path / "journal.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(room)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"
    assert [(record.seq, record.kind) for record in read_journal(path).records] == [(1, "first"), (2, "after")]


@pytest.mark.parametrize("torn", [b"", b'{"seq":3,"ti', b"x" * 70_000])
def test_a_writer_does_not_glue_its_facts_to_what_a_killed_one_left(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 2)
    path.write_bytes(path.read_bytes() + torn)
    writer = JournalWriter(path, StoppedClock(), first_seq=3)
    writer.append("after", {})
    writer.close()
    assert [record.seq for record in read_journal(path).records] == [1, 2, 3]


def test_intact_facts_are_read_around_damaged_ones_and_up_to_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 3)
    content = bytearray(path.read_bytes())
    first, second = content.index(b"\n") + 1, content.index(b"\n", content.index(b"\n") + 1) + 1
    content[first + 5] ^= 1
    path.write_bytes(content)
    assert [record.seq for record in read_intact(path)] == [1, 3]
    assert [record.seq for record in read_intact(path, end=second)] == [1]
    assert [record.seq for record in read_intact(path, offset=second)] == [3]
    assert read_intact(tmp_path / "none.jsonl") == []


def test_wrong_lines_are_cut_from_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path, 4)
    cut_last(path, lambda record: record.seq in (1, 3, 4))
    assert [record.seq for record in read_journal(path).records] == [1, 2]
    path.write_bytes(path.read_bytes() + b"damaged\n")
    cut_last(path, lambda _: False)
    assert [record.seq for record in read_journal(path).records] == [1, 2]
    cut_last(tmp_path / "none.jsonl", lambda _: True)
    assert not (tmp_path / "none.jsonl").exists()
