"""An encoding is found by a mark, by zero bytes or by its letters; what was assumed is said; a person wins."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.check import Scan
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Reading
from luthier.domain.dataset_sources import EncodingUnknown
from luthier.domain.datasets import DatasetReport, Example
from luthier.domain.findings import Level

SENTENCES = {
    "cp1252": [
        "Grüße aus München, schöne Töne für die Geige",
        "élève à côté, déjà là, où êtes-vous",
        "El niño pequeño comió piñas por la mañana, ¿verdad?",
        "“Hello” – it’s fine… yes",
    ],
    "cp1250": ["Příliš žluťoučký kůň úpěl ďábelské ódy", "Zażółć gęślą jaźń, proszę pana, dziękuję"],
    "cp1251": ["Перед заменой струн проверьте состояние инструмента"],
    "koi8_r": ["Перед заменой струн проверьте состояние инструмента"],
    "cp1253": ["Καλημέρα κόσμε, τι κάνετε σήμερα"],
    "cp932": ["弦を交換する前に、必ず楽器の状態を確認してください"],
    "euc_jp": ["弦を交換する前に、必ず楽器の状態を確認してください"],
    "cp949": ["줄을 교체하기 전에 악기의 상태를 확인하십시오"],
    "gb18030": ["更换琴弦之前，请先检查乐器的状态，不要放在阳光下"],
    "big5": ["更換琴弦之前，請先檢查樂器的狀態，不要放在陽光下"],
}
PAIRS = [(codec, sentence) for codec, sentences in SENTENCES.items() for sentence in sentences]


def read(path: Path, **how: str) -> tuple[DatasetReport, list[Example]]:
    scan = Scan(path, reading=Reading(**how))
    examples = [item for item in scan if isinstance(item, Example)]
    return scan.report(), examples


def lines_of(sentence: str, rows: int = 3) -> str:
    row = json.dumps({"prompt": sentence, "completion": "ok"}, ensure_ascii=False)
    return f"{row}\n" * rows


@pytest.mark.parametrize(("codec", "sentence"), PAIRS)
def test_an_encoding_of_before_unicode_is_found_by_its_letters_and_said(
    tmp_path: Path, codec: str, sentence: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines_of(sentence).encode(codec))
    report, examples = read(path)
    assert [example.messages[0].content for example in examples] == [sentence] * 3
    (warning,) = report.findings
    assert (warning.code, warning.level) == ("dataset.encoding_assumed", Level.WARNING)
    assert "% sure" in warning.sentence and report.encoding in warning.sentence
    assert f"--encoding {codec}" in warning.suggestion


@pytest.mark.parametrize(("codec", "sentence"), PAIRS)
def test_a_persons_word_wins_and_then_nothing_is_assumed(tmp_path: Path, codec: str, sentence: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines_of(sentence, 1).encode(codec))
    report, examples = read(path, encoding=codec)
    assert examples[0].messages[0].content == sentence
    assert report.findings == ()


def test_a_wrong_word_gives_faults_in_their_place_and_not_other_letters(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines_of("Grüße").encode("cp1252"))
    report, examples = read(path, encoding="ascii")
    assert examples == []
    assert [finding.place.line for finding in report.findings] == [1, 2, 3]


@pytest.mark.parametrize("name", ["klingon", "rot13", "hex", "", "base64"])
def test_a_name_that_is_no_encoding_of_text_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(lines_of("a"))
    with pytest.raises(EncodingUnknown):
        open_rows(path, Reading(encoding=name))


@pytest.mark.parametrize("asked", ["utf-16", "utf-16-le", "UTF16", "utf-8", "utf-8-sig", "utf-32"])
def test_a_mark_is_no_part_of_the_text_when_its_encoding_is_asked_for(tmp_path: Path, asked: str) -> None:
    path = tmp_path / "a.jsonl"
    mark = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16"}.get(asked, asked)
    path.write_bytes(lines_of("Grüße").encode(mark))
    report, examples = read(path, encoding=asked)
    assert (len(examples), report.findings) == (3, ())


def test_a_few_foreign_bytes_in_an_ascii_file_are_faults_and_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines_of("a", 50).encode() + lines_of("café", 2).encode("cp1252"))
    report, examples = read(path)
    assert len(examples) == 50
    assert [(each.code, each.place.line, each.fix) for each in report.findings] == [
        ("dataset.encoding", 51, "read_as_cp1252"),
        ("dataset.encoding", 52, "read_as_cp1252"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=60),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    ending=st.sampled_from([".jsonl", ".json", ".csv", ".data", ""]),
)
def test_what_unicode_can_write_is_read_whatever_the_ending_the_encoding_and_the_line_ends(
    tmp_path_factory: pytest.TempPathFactory, text: str, codec: str, ends: str, ending: str
) -> None:
    path = tmp_path_factory.mktemp("law") / f"a{ending}"
    row = json.dumps({"text": f"a {text} b"}, ensure_ascii=False)
    path.write_bytes(f"{row}{ends}{row}{ends}".encode(codec))
    rows = [row for row in open_rows(path).rows() if row.number]
    assert [row.value for row in rows] == [{"text": f"a {text} b"}] * 2
