"""JSON documents and plain texts that are broken, or are something other than they seem."""

from tests.data.hostile.cases import GOOD, Case, refused

_THREE = f"[{GOOD},\n{GOOD},\n{GOOD}]"


def _document(name: str, text: str, find: str = "", examples: int = 0) -> Case:
    return Case(f"{name}.json", text.encode(), tuple(find.split()), examples)


CASES: tuple[Case, ...] = (
    _document("list", _THREE, examples=3),
    _document("list-with-a-mark", f"\ufeff{_THREE}", examples=3),
    _document("list-in-an-object", f'{{"version": 1, "data": {_THREE}}}', examples=3),
    _document("objects-in-a-row", f"{GOOD}{GOOD}  {GOOD}", examples=3),
    _document("list-with-a-last-comma", f"[{GOOD},\n{GOOD},\n]", "json_syntax:3", 2),
    _document("list-without-a-comma", f"[{GOOD}\n{GOOD}]", "json_syntax:2", 1),
    _document("list-cut-off", f"[{GOOD},\n{GOOD}", "json_syntax:2", 2),
    _document("list-cut-inside-a-text", f'[{GOOD},\n{{"prompt": "a', "json_syntax:2", 1),
    _document("text-after-the-list", f"{_THREE}\nthe end", "json_syntax:4", 3),
    _document("two-lists", f'{{"train": [{GOOD}],\n"test": [{GOOD}]}}', "several_lists:2", 1),
    _document("list-with-a-number", f"[{GOOD},\n5,\n{GOOD}]", "row_type:2", 2),
    _document("list-with-a-list", f"[{GOOD},\n[{GOOD}],\n{GOOD}]", "row_type:2", 2),
    _document("list-with-nan", f'[{GOOD},\n{{"prompt": NaN}},\n{GOOD}]', "json_value:2", 1),
    _document("list-with-a-comment", f"[{GOOD},\n// more\n{GOOD}]", "json_comment:2", 1),
    _document("list-with-a-mark-inside", f"[{GOOD},\n\ufeff{GOOD}]", "byte_order_mark:2", 1),
    _document(
        "list-with-a-repeated-key",
        f'[{GOOD},\n{{"prompt": "a", "prompt": "a", "completion": "b"}}]',
        "duplicate_key:2",
        2,
    ),
    _document("object-with-words-for-names", '{"data": [' + GOOD + "],\nnext: 1}", "json_syntax:2", 1),
    _document("deep-list", "[" * 50_000 + "]" * 50_000, "too_nested"),
    _document("megabyte-of-blanks", "[" + " " * 1_000_000 + GOOD + "]", examples=1),
    refused("empty-list.json", b"[]", "datasets.empty"),
    refused("empty-list-in-an-object.json", b'{"data": []}', "datasets.shape_unknown"),
    refused("empty.jsonl", b"", "datasets.empty"),
    refused("blank.jsonl", b"\n \n\t\n", "datasets.empty"),
    refused("only-a-mark.jsonl", b"\xef\xbb\xbf", "datasets.empty"),
    refused("zeros.jsonl", bytes(10_000)),
    refused("random-bytes.jsonl", bytes((n * n * 31 + n * 7) % 256 for n in range(20_000))),
    refused("program.jsonl", b"\x7fELF\x02\x01\x01" + bytes(200), says="a program"),
    refused("windows-program.jsonl", b"MZ\x90\x00\x03" + bytes(200), says="a program"),
    refused("document.jsonl", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", says="PDF"),
    refused("picture.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(100), says="PNG"),
    refused("photograph.jsonl", b"\xff\xd8\xff\xe0" + bytes(100), says="JPEG"),
    refused("pickle.jsonl", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.", says="run code"),
    refused("array.jsonl", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}", says="NumPy"),
    refused("model.jsonl", b"GGUF\x03\x00\x00\x00" + bytes(40), says="GGUF"),
    refused("hdf5.jsonl", b"\x89HDF\r\n\x1a\n" + bytes(40), says="HDF5"),
    refused("archive-of-7z.jsonl", b"7z\xbc\xaf\x27\x1c" + bytes(40), says="7z"),
    refused("archive-of-rar.jsonl", b"Rar!\x1a\x07\x01\x00" + bytes(40), says="RAR"),
    refused("archive-of-xz.jsonl", b"\xfd7zXZ\x00" + bytes(40), says="xz"),
    refused("old-office.jsonl", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), says="Office"),
    refused("database.jsonl", b"SQLite format 3\x00" + bytes(100), "datasets.query_missing"),
    refused("web-page.jsonl", b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", says="web page"),
    refused("web-page-in-capitals.json", b"\n <HTML><BODY>Sign in</BODY></HTML>", says="web page"),
    refused("vector-picture.json", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', says="SVG"),
    refused("xml.json", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', says="XML"),
    refused("script.jsonl", b"#!/bin/sh\nrm -rf /\n", says="script"),
    refused(
        "pointer.jsonl",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        says="Git LFS",
    ),
    Case("orcs.txt", b"ORCs came over the hill.\n\nBZhou saw them. MZ.\n", examples=1),
    Case("orcs-first-letters.txt", b"MZ was the name that they gave him.\n", examples=1),
    Case("begins-like-json.md", b"[A link](there) begins this text.\n", examples=1),
    Case("one-huge-word.txt", b"x" * 300_000, examples=1),
)
