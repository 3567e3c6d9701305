"""The header of a GGUF file: what it says is read without the weights, and a damaged one is refused with a reason."""

from pathlib import Path

import pytest

from luthier.export.gguf_header import Items, read_gguf_header
from tests.builders.gguf_files import a_gguf_file, all_tokens


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    a_gguf_file(path)
    return path


def test_metadata_and_tensors_are_those_that_llama_cpps_package_wrote(file: Path, tmp_path: Path) -> None:
    header = read_gguf_header(file)
    weights = a_gguf_file(tmp_path / "again.gguf")
    assert header.metadata["general.architecture"] == "llama"
    assert header.metadata["llama.embedding_length"] == 32
    assert header.metadata["tokenizer.ggml.tokens"] == Items(len(all_tokens()))
    assert sum(tensor.elements for tensor in header.tensors) == sum(weight.size for weight in weights.values())


def test_a_file_that_was_cut_off_anywhere_in_its_header_is_refused(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    length = content.rindex(b".weight")
    for at in range(0, length, 37):
        (tmp_path / "cut.gguf").write_bytes(content[:at])
        with pytest.raises(ValueError, match=r"it is empty|ends within|does not begin"):
            read_gguf_header(tmp_path / "cut.gguf")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "does not begin"),
        (b"GGUF\x01\0\0\0" + b"\0" * 16, "version 1"),
        (b"GGUF\x03\0\0\0" + b"\0" * 8 + b"\xff" * 8, "ends within"),  # more keys than there can be
        (b"GGUF\x03\0\0\0" + b"\0" * 8 + b"\x01" + b"\0" * 7 + b"\xff" * 8, "ends within"),  # a key without end
        (b"GGUF\x03\0\0\0" + b"\0" * 8 + b"\x01" + b"\0" * 7 + b"\0" * 8 + b"\x63\0\0\0", "unknown kind 99"),
        (b"GGUF\x03\0\0\0" + b"\x01" + b"\0" * 15 + b"\0" * 8 + b"\x09\0\0\0", "9 dimensions"),
    ],
)
def test_what_cannot_be_a_header_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "odd.gguf").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_gguf_header(tmp_path / "odd.gguf")
