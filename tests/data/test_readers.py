"""Every way in which a file can be wrong ends in a sentence with a place, and the good rows are still read."""

import codecs
import json
import os
from pathlib import Path

import pytest

from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row
from luthier.domain.datasets import DatasetEmpty, DatasetFileMissing, DatasetUnreadable
from luthier.domain.findings import Finding, Level

GOOD = '{"prompt": "a", "completion": "b"}'


def rows_of(path: Path) -> list[Row]:
    return list(open_rows(path).rows())


def written(folder: Path, content: bytes | str, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only_finding(row: Row) -> Finding:
    assert row.value is None
    (finding,) = row.findings
    assert finding.level is Level.ERROR
    return finding


def test_jsonl_rows_keep_their_line_numbers_across_blank_lines(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f"{GOOD}\n\n  \r\n{GOOD}"))
    assert [(row.number, row.line) for row in rows] == [(1, 1), (2, 4)]


def test_one_bad_line_in_the_middle_is_reported_with_line_and_byte_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f'{GOOD}\n{{"prompt": "é", "completion": }}\n{GOOD}\n'))
    assert [row.value is not None for row in rows] == [True, False, True]
    finding = only_finding(rows[1])
    assert finding.code == "dataset.json_syntax"
    assert finding.place.line == 2
    assert finding.place.byte == len(GOOD.encode()) + 1 + len('{"prompt": "é", "completion": '.encode())


def test_a_line_separator_inside_a_text_does_not_split_the_line(tmp_path: Path) -> None:
    text = "one\u2028two\u0085three"
    rows = rows_of(written(tmp_path, json.dumps({"text": text}, ensure_ascii=False) + "\n"))
    assert [row.value for row in rows] == [{"text": text}]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_utf8_is_read_with_and_without_its_mark(tmp_path: Path, mark: bytes) -> None:
    rows = rows_of(written(tmp_path, mark + f"{GOOD}\n{GOOD}\n".encode()))
    assert [row.value for row in rows] == [json.loads(GOOD)] * 2


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("layout", ["lines", "list"])
def test_utf16_and_utf32_with_a_mark_are_read(tmp_path: Path, codec: str, layout: str) -> None:
    text = f"{GOOD}\n{GOOD}\n" if layout == "lines" else f"[{GOOD},{GOOD}]"
    mark = codecs.BOM_UTF16_BE if codec == "utf-16-be" else b""
    rows = rows_of(written(tmp_path, mark + text.encode(codec)))
    assert [row.value for row in rows] == [json.loads(GOOD)] * 2


def test_an_invalid_byte_in_a_line_is_located_and_the_next_line_is_read(tmp_path: Path) -> None:
    bad = b'{"prompt": "caf\xe9", "completion": "b"}'
    rows = rows_of(written(tmp_path, GOOD.encode() + b"\n" + bad + b"\n" + GOOD.encode()))
    finding = only_finding(rows[1])
    assert finding.code == "dataset.encoding"
    assert (finding.place.line, finding.place.byte) == (2, len(GOOD) + 1 + bad.index(b"\xe9"))
    assert "Windows-1252" in finding.suggestion
    assert rows[2].value is not None


@pytest.mark.parametrize("padding", [0, 3_000_000])
def test_an_invalid_byte_in_a_list_is_located_however_far_it_stands(tmp_path: Path, padding: int) -> None:
    content = b'[{"text": "' + b"x" * padding + b'"},\n{"text": "caf\xe9"}]'
    rows = rows_of(written(tmp_path, content, "data.json"))
    finding = only_finding(rows[-1])
    assert (finding.code, finding.place.line) == ("dataset.encoding", 2)
    assert finding.place.byte == content.index(b"\xe9")


def test_a_multibyte_character_across_the_reading_block_is_no_fault(tmp_path: Path) -> None:
    text = "x" * ((1 << 20) - 12) + "é" * 5
    rows = rows_of(written(tmp_path, json.dumps([{"text": text}], ensure_ascii=False), "data.json"))
    assert [row.value for row in rows] == [{"text": text}]


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ('{"text": "a",}', "dataset.json_syntax", "comma"),
        ("{'text': 'a'}", "dataset.json_syntax", "single quotes"),
        ('{"text": "a"', "dataset.json_syntax", "middle of a value"),
        ('{"text": "a"} {"text": "b"}', "dataset.json_syntax", "More text"),
        ('{"text": "a\x00b"}', "dataset.json_syntax", "control character"),
        ('{"text": NaN}', "dataset.json_value", "NaN"),
        ('{"text": -Infinity}', "dataset.json_value", "Infinity"),
        ('{"text": ' + "9" * 5000 + "}", "dataset.json_value", "digits"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "dataset.too_nested", "nested"),
        ('"just a text"', "dataset.row_type", "not an object"),
        ("[1, 2]", "dataset.row_type", "not an object"),
        ("garbage", "dataset.json_syntax", "not valid JSON"),
    ],
)
def test_what_json_parsers_let_pass_or_choke_on_is_a_finding(tmp_path: Path, line: str, code: str, says: str) -> None:
    rows = rows_of(written(tmp_path, f"{GOOD}\n{line}\n{GOOD}\n"))
    finding = only_finding(rows[1])
    assert finding.code == code
    assert says in finding.sentence
    assert len(rows) == 3 and rows[2].value is not None


def test_lines_that_end_with_commas_say_so(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f"{GOOD},\n{GOOD}\n"))
    assert "Remove the comma" in only_finding(rows[0]).suggestion


def test_a_repeated_key_is_a_warning_and_the_row_is_kept(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f'{GOOD}\n{{"text": "a", "text": "b"}}\n'))
    assert rows[1].value == {"text": "b"}
    assert [(each.code, each.level) for each in rows[1].findings] == [("dataset.duplicate_key", Level.WARNING)]


def test_numbers_of_any_size_stay_exact(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f'{GOOD}\n{{"n": 123456789012345678901234567890}}\n'))
    assert rows[1].value == {"n": 123456789012345678901234567890}


def test_a_line_larger_than_the_limit_is_passed_over(tmp_path: Path) -> None:
    huge = '{"text": "' + "x" * (LARGEST_ROW_BYTES + (1 << 20)) + '"}'
    rows = rows_of(written(tmp_path, f"{GOOD}\n{huge}\n{GOOD}\n"))
    assert only_finding(rows[1]).code == "dataset.row_too_large"
    assert rows[2].value is not None


@pytest.mark.parametrize(
    "document",
    [
        f"[{GOOD},{GOOD}]",
        f" \n[\n  {GOOD}\n  ,\n{GOOD}]\n\n",
        f'{{"version": 1, "data": [{GOOD}, {GOOD}]}}',
        '{\n "prompt": "a",\n "completion": "b"\n}\n{\n "prompt": "a",\n "completion": "b"\n}',
        f'{{"data": [\n{GOOD},\n{GOOD}\n]}}',
        f'{{"version": 1,\n"rows": [\n{GOOD},\n{GOOD}]}}',
    ],
)
@pytest.mark.parametrize("name", ["data.json", "data.jsonl", "data"])
def test_json_documents_are_read_whatever_the_file_is_called(tmp_path: Path, document: str, name: str) -> None:
    source = open_rows(written(tmp_path, document, name))
    assert source.kind == "JSON"
    assert [row.value for row in source.rows()] == [json.loads(GOOD)] * 2


def test_a_single_conversation_is_one_row_and_not_a_list_of_turns(tmp_path: Path) -> None:
    document = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    rows = rows_of(written(tmp_path, json.dumps(document, indent=2), "data.json"))
    assert [row.value for row in rows] == [document]


def test_two_lists_in_one_document_are_not_mixed(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f'{{"train": [{GOOD}], "test": [{GOOD}]}}', "data.json"))
    assert only_finding(rows[-1]).code == "dataset.several_lists"


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (f"[{GOOD},\n{GOOD},\n]", 3),
        (f"[{GOOD}\n{GOOD}]", 2),
        (f"[{GOOD},\n{{'prompt': 1}},\n{GOOD}]", 2),
        (f"[{GOOD},\n{GOOD}", 2),
        (f"[{GOOD}]\n more", 2),
    ],
)
def test_a_fault_in_a_list_is_located_and_says_that_the_rest_was_not_read(
    tmp_path: Path, document: str, line: int
) -> None:
    rows = rows_of(written(tmp_path, document, "data.json"))
    assert rows[0].value is not None
    finding = only_finding(rows[-1])
    assert finding.place.line == line
    assert "Nothing after" in finding.sentence or "More text" in finding.sentence


def test_a_long_list_is_read_item_by_item(tmp_path: Path) -> None:
    items = [{"text": f"{number} " + "x" * 900} for number in range(5000)]
    rows = rows_of(written(tmp_path, json.dumps(items, indent=1), "data.json"))
    assert [row.value for row in rows] == items
    assert rows[-1].line == 1 + 3 * 4999 + 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_are_read_with_the_delimiter_of_their_header(tmp_path: Path, delimiter: str) -> None:
    content = f'prompt{delimiter}completion\n"a{delimiter}b"{delimiter}"two\nlines"\nc{delimiter}d\n'
    source = open_rows(written(tmp_path, content, "data.csv"))
    assert source.kind == "CSV"
    rows = list(source.rows())
    assert [row.value for row in rows] == [
        {"prompt": f"a{delimiter}b", "completion": "two\nlines"},
        {"prompt": "c", "completion": "d"},
    ]
    assert [row.line for row in rows] == [2, 4]


def test_a_ragged_row_is_located_and_the_others_are_read(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "prompt,completion\na,b\na,b,c\nonly\na,b\n", "data.csv"))
    assert [row.value is not None for row in rows] == [True, False, False, True]
    finding = only_finding(rows[1])
    assert (finding.code, finding.place.line) == ("dataset.ragged_row", 3)


def test_a_column_name_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "text,text\na,b\n", "data.csv"))
    assert only_finding(rows[0]).code == "dataset.header_duplicate"


def test_a_column_without_a_name_is_left_out_with_a_note(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, ",prompt,completion\n0,a,b\n", "data.csv"))
    assert rows[0].findings[0].code == "dataset.header_empty"
    assert rows[1].value == {"prompt": "a", "completion": "b"}


def test_a_cell_of_two_megabytes_is_read(tmp_path: Path) -> None:
    text = "x" * 2_000_000
    rows = rows_of(written(tmp_path, f'prompt,completion\na,"{text}"\n', "data.csv"))
    assert rows[0].value == {"prompt": "a", "completion": text}


def test_a_quote_that_is_not_closed_is_a_finding(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, 'prompt,completion\na,"b\nc,d\ne,f\n', "data.csv"))
    finding = only_finding(rows[0])
    assert (finding.code, finding.place.row, finding.place.line) == ("dataset.csv_syntax", 1, 2)
    assert "All from line 2 to line 4 was read as this one row." in finding.sentence


def test_a_quote_that_is_never_closed_says_how_much_it_took_and_what_follows_is_read(tmp_path: Path) -> None:
    lines = ("c," + "d" * 1_000_000 + "\n") * 20
    rows = rows_of(written(tmp_path, f'prompt,completion\na,b\na,"b\n{lines}', "data.csv"))
    finding = only_finding(rows[1])
    assert (finding.code, finding.place.row, finding.place.line) == ("dataset.csv_syntax", 2, 3)
    assert "from line 3 to line 20 was read as this one row" in finding.sentence
    assert [row.value is not None for row in rows] == [True, False, True, True, True]


def test_a_line_that_is_too_long_for_a_row_is_located(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "prompt,completion\na,b\na," + "b" * (17 << 20), "data.csv"))
    finding = only_finding(rows[-1])
    assert (finding.code, finding.place.row, finding.place.line) == ("dataset.row_too_large", 2, 3)


def test_a_table_in_a_foreign_encoding_is_located(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, b"prompt,completion\na,b\ncaf\xe9,b\n", "data.csv"))
    finding = only_finding(rows[-1])
    assert (finding.code, finding.place.line, finding.place.byte) == ("dataset.encoding", 3, 25)


def test_short_text_is_one_passage_and_long_text_is_parted_at_blank_lines(tmp_path: Path) -> None:
    paragraph = "word " * 300
    assert [row.value for row in rows_of(written(tmp_path, "# Title\n\nText, with a comma.\n", "a.md"))] == [
        {"text": "# Title\n\nText, with a comma."}
    ]
    rows = rows_of(written(tmp_path, "\n\n".join([paragraph] * 12), "b.txt"))
    texts = [row.value["text"] for row in rows if row.value]
    assert len(texts) == 3
    assert all(text.count(paragraph.strip()) >= 2 and len(text) <= 8000 for text in texts)
    assert sum(text.count("word") for text in texts) == 12 * 300


def test_text_that_begins_like_json_is_still_text(tmp_path: Path) -> None:
    source = open_rows(written(tmp_path, "[A link](there) begins this text.\n", "a.md"))
    assert source.kind == "text"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8b\x08rest", "unpacked"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(1, 32)) * 40 + b"\x00" * 900, "binary"),
    ],
)
def test_files_that_hold_no_text_are_named_for_what_they_are(tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(DatasetUnreadable, match=kind):
        rows_of(written(tmp_path, content))


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\n"])
def test_a_file_without_content_is_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetEmpty):
        open_rows(written(tmp_path, content))


def test_a_missing_file_and_a_pipe_each_have_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetFileMissing):
        open_rows(tmp_path / "nothing.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DatasetUnreadable, match="not a file"):
        open_rows(tmp_path / "pipe.jsonl")


def test_a_file_with_old_line_ends_is_read(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, f"{GOOD}\r{GOOD}\r"))
    assert [row.value for row in rows] == [json.loads(GOOD)] * 2
