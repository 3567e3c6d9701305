"""What was confirmed is there: journals that are cut anywhere, sealed folders that are damaged anywhere."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from luthier.kit.clock import SystemClock, rfc3339
from luthier.kit.files import damage_of, sealed_folder, write_atomically
from luthier.kit.journal import DamagedJournal, JournalWriter, read_journal

bodies = st.dictionaries(
    st.text(max_size=8), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20), max_size=4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("laws")


def _written(path: Path, facts: list[dict[str, Any]]) -> bytes:
    path.unlink(missing_ok=True)
    writer = JournalWriter(path, SystemClock())
    for body in facts:
        writer.append("step", body)
    writer.close()
    return path.read_bytes()


@given(facts=st.lists(bodies, min_size=1, max_size=6), data=st.data())
@settings(deadline=None)
def test_a_journal_cut_at_any_byte_gives_the_facts_before_the_cut(
    folder: Path, facts: list[dict[str, Any]], data: st.DataObject
) -> None:
    path = folder / "cut.jsonl"
    content = _written(path, facts)
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:cut])
    tail = read_journal(path)
    assert [record.body for record in tail.records] == facts[: content[:cut].count(b"\n")]
    path.write_bytes(content)
    assert [record.body for record in read_journal(path, tail.offset).records] == facts[len(tail.records) :]


@given(facts=st.lists(bodies, min_size=1, max_size=4), data=st.data())
@settings(deadline=None)
def test_a_changed_byte_in_a_complete_line_never_passes_for_a_fact(
    folder: Path, facts: list[dict[str, Any]], data: st.DataObject
) -> None:
    path = folder / "changed.jsonl"
    content = bytearray(_written(path, facts))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        read = [record.body for record in read_journal(path).records]
    except DamagedJournal:
        return
    assert read == facts[: len(read)]


@given(content=st.binary(min_size=1, max_size=200), data=st.data())
@settings(deadline=None, max_examples=50)
def test_any_changed_byte_of_a_sealed_folder_is_noticed(folder: Path, content: bytes, data: st.DataObject) -> None:
    sealed = folder / "sealed"
    shutil.rmtree(sealed, ignore_errors=True)
    with sealed_folder(sealed, {"step": 1}) as staging:
        (staging / "adapter.safetensors").write_bytes(content)
    assert damage_of(sealed) is None
    damaged = bytearray(content)
    damaged[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (sealed / "adapter.safetensors").write_bytes(damaged)
    assert damage_of(sealed) is not None


@given(old=st.binary(max_size=50), new=st.binary(max_size=50))
@settings(deadline=None, max_examples=30)
def test_an_atomic_write_leaves_the_new_content_and_nothing_else(folder: Path, old: bytes, new: bytes) -> None:
    place = folder / "atomic"
    shutil.rmtree(place, ignore_errors=True)
    write_atomically(place / "file", old)
    write_atomically(place / "file", new)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {"file": new}


@given(seconds=st.integers(0, 4_000_000_000), milliseconds=st.integers(0, 999))
def test_times_sort_as_text_as_they_sort_in_time(seconds: int, milliseconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=1000 * milliseconds)
    earlier = datetime.fromtimestamp(max(0, seconds - 1), UTC)
    assert rfc3339(earlier) <= rfc3339(moment)
