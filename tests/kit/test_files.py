import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from luthier.kit.files import (
    MANIFEST_NAME,
    NoSmallText,
    damage_of,
    folder_bytes,
    free_bytes,
    read_json,
    read_small_text,
    sealed_folder,
    sha256_of,
    write_atomically,
    write_json,
)


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def test_a_write_replaces_the_whole_content_and_makes_missing_folders(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    write_atomically(path, b"a long first content")
    write_atomically(path, b"short")
    assert path.read_bytes() == b"short"
    assert left_over(path.parent) == []


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "text is not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert left_over(tmp_path) == []


def test_a_writer_that_is_killed_at_any_moment_leaves_the_old_content_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {bytes([letter]) * 3_000_000 for letter in b"ab"}
    write_atomically(path, b"a" * 3_000_000)
    code = (
        "import sys; from pathlib import Path; from luthier.kit.files import write_atomically\n"
        "while True:\n for letter in b'ab': write_atomically(Path(sys.argv[1]), bytes([letter]) * 3_000_000)"
    )
    for delay in (0.15, 0.2, 0.25):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)])
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.read_bytes() in contents


def test_json_comes_back_as_it_was_written_and_is_readable_by_people(tmp_path: Path) -> None:
    value = {"name": "née ✓", "numbers": [1, 2.5, None, True]}
    write_json(tmp_path / "value.json", value)
    assert read_json(tmp_path / "value.json") == value
    assert "\n" in (tmp_path / "value.json").read_text("utf-8").strip()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"x" * 1_000_001, "larger than 1 MB"), (b"ab\xff", "not UTF-8 at byte 2"), (None, "no such file")],
)
def test_what_is_no_small_text_is_refused_with_a_reason(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "words.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoSmallText, match=reason):
        read_small_text(path, 1_000_000)


def test_a_mark_of_byte_order_is_no_part_of_a_small_text(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_bytes(b"\xef\xbb\xbfwords: []")
    assert read_small_text(path, 1_000_000) == "words: []"


def test_the_hash_of_a_large_file_is_that_of_all_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path.write_bytes(b"x" * (1 << 20) + b"y")
    whole = sha256_of(path)
    path.write_bytes(b"x" * (1 << 20) + b"z")
    assert sha256_of(path) != whole


def test_free_space_is_known_before_the_folder_exists(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") > 0


def sealed(final: Path, **contents: str) -> Path:
    with sealed_folder(final, {"step": 5}) as staging:
        for name, content in contents.items():
            (staging / name).write_text(content)
        (staging / "inner").mkdir()
        (staging / "inner" / "more").write_text("more")
    return final


def test_a_sealed_folder_carries_its_facts_and_no_damage(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "step-5", values="1 2 3", state="{}")
    manifest = read_json(folder / MANIFEST_NAME)
    assert manifest["step"] == 5
    assert set(manifest["files"]) == {"values", "state", "inner/more"}
    assert damage_of(folder) is None
    assert folder_bytes(folder) > 0
    assert left_over(tmp_path) == []


def test_a_folder_is_not_there_until_it_is_whole(tmp_path: Path) -> None:
    final = tmp_path / "step-5"
    with sealed_folder(final, {}) as staging:
        (staging / "values").write_text("1 2 3")
        assert not final.exists()
    assert final.is_dir()


def test_an_error_while_writing_leaves_the_older_folder_and_no_litter(tmp_path: Path) -> None:
    final = sealed(tmp_path / "step-5", values="old")
    with pytest.raises(ZeroDivisionError), sealed_folder(final, {}) as staging:
        (staging / "values").write_text("new")
        raise ZeroDivisionError
    assert (final / "values").read_text() == "old"
    assert damage_of(final) is None
    assert left_over(tmp_path) == []


def test_a_folder_that_is_sealed_again_holds_only_the_new_content(tmp_path: Path) -> None:
    sealed(tmp_path / "step-5", values="old", gone="old")
    folder = sealed(tmp_path / "step-5", values="new")
    assert (folder / "values").read_text() == "new"
    assert not (folder / "gone").exists()
    assert damage_of(folder) is None


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["values", "inner/more"])
@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: os.truncate(path, 1), "bytes"),
        (lambda path: path.write_bytes(path.read_bytes() + b"!"), "bytes"),
        (flip_a_bit, "changed"),
        (lambda path: (path.unlink(), path.mkdir()), "missing"),
    ],
)
def test_damage_to_a_sealed_file_is_noticed_and_named(tmp_path: Path, name: str, harm: object, word: str) -> None:
    folder = sealed(tmp_path / "step-5", values="1 2 3")
    harm(folder / name)  # type: ignore[operator]
    damage = damage_of(folder)
    assert damage is not None
    assert name in damage
    assert word in damage


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"{}", b'{"files": null}', b'{"files": 3}', b'{"files": {"values": 1}}']
)
def test_a_folder_without_a_readable_manifest_is_damaged(tmp_path: Path, content: bytes | None) -> None:
    folder = sealed(tmp_path / "step-5", values="1 2 3")
    (folder / MANIFEST_NAME).unlink()
    if content is not None:
        (folder / MANIFEST_NAME).write_bytes(content)
    assert damage_of(folder) is not None
