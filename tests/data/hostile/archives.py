"""Archives that are broken, that lie, that unfold without end, or whose names would do harm if they were written."""

import gzip
import io
import stat
import struct
import warnings
import zipfile

import pyarrow

from tests.data.hostile.cases import FEW, FLAT, GOOD, SMALL, Case, refused
from tests.data.scenarios.builders import GOOD as SCENARIO

ROWS = f"{GOOD}\n{GOOD}\n".encode()
_BLANK_LINES = (b" " * 65_536 + b"\n") * 160


def zstd(content: bytes) -> bytes:
    compressed: bytes = pyarrow.compress(content, codec="zstd", asbytes=True)
    return compressed


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")  # two entries of one name are meant
        for name, content in entries:
            archive.writestr(name, content)
    return packed.getvalue()


def _link(name: str, to: str) -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, to.encode()


def _encrypted(name: str) -> bytes:
    """The flag alone: nobody gets as far as to the content."""
    content = bytearray(zipped((name, ROWS)))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def _damaged(offset_from_name: int = 12) -> bytes:
    content = bytearray(zipped(("a.jsonl", ROWS * 50)))
    content[content.index(b"a.jsonl") + 7 + offset_from_name] ^= 0xFF
    return bytes(content)


def _claiming_entries(count: int) -> bytes:
    content = bytearray(zipped(("a.jsonl", ROWS)))
    at = content.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", content, at + 8, count, count)
    return bytes(content)


def _lying_about_size() -> bytes:
    content = bytearray(zipped(("a.jsonl", ROWS * 100)))
    struct.pack_into("<I", content, content.rindex(b"PK\x01\x02") + 24, 20)
    return bytes(content)


def _overlapping() -> bytes:
    """Two entries of the directory that mean the same bytes, as in bombs that unfold quadratically."""
    content = zipped(("a.jsonl", ROWS), ("b.jsonl", ROWS))
    second = content.rindex(b"PK\x01\x02")
    changed = bytearray(content)
    struct.pack_into("<I", changed, second + 42, 0)
    return bytes(changed)


def _bomb(name: str, content: bytes) -> Case:
    return Case(name, content, ("archive_bomb",), 2, limits=FLAT)


CASES: tuple[Case, ...] = (
    Case("lines.jsonl.gz", gzip.compress(ROWS), examples=2),
    Case("lines-without-ending", gzip.compress(ROWS), examples=2),
    Case("list.json.gz", gzip.compress(f"[{GOOD}]".encode()), examples=1),
    Case("table.csv.gz", gzip.compress(b"prompt,completion\na,b\n"), examples=1),
    Case("two-in-one.jsonl.gz", gzip.compress(ROWS) + gzip.compress(ROWS), examples=4),
    Case("padded.jsonl.gz", gzip.compress(ROWS) + bytes(512), examples=2),
    Case("cut-off.jsonl.gz", gzip.compress(ROWS)[:-12], ("archive_damaged",), 1, says="unpacked"),
    Case("garbage-after.jsonl.gz", gzip.compress(ROWS) + b"garbage", ("archive_damaged",), 2, says="unpacked"),
    Case("wrong-checksum.jsonl.gz", gzip.compress(ROWS)[:-8] + bytes(8), ("archive_damaged",), 2, says="unpacked"),
    refused("cut-off-at-once.jsonl.gz", gzip.compress(ROWS)[:11], says="unpacked"),
    Case("wrong-checksum.md.gz", gzip.compress(SCENARIO.encode())[:-8] + bytes(8), ("archive_damaged",)),
    refused("packed-twice.jsonl.gz.gz", gzip.compress(gzip.compress(ROWS)), says="more than once"),
    refused("empty.jsonl.gz", gzip.compress(b""), "datasets.empty"),
    refused("program.jsonl.gz", gzip.compress(b"\x7fELF" + bytes(100)), says="a program"),
    _bomb("bomb.jsonl.gz", gzip.compress(ROWS + _BLANK_LINES)),
    Case("too-large.jsonl.gz", gzip.compress(ROWS + _BLANK_LINES), ("archive_too_large",), 2, limits=SMALL),
    Case("lines.jsonl.zst", zstd(ROWS), examples=2),
    refused("cut-off.jsonl.zst", zstd(ROWS)[:-6], says="unpacked"),
    refused("garbage.jsonl.zst", b"\x28\xb5\x2f\xfd" + b"garbage" * 20, says="unpacked"),
    _bomb("bomb.jsonl.zst", zstd(ROWS + _BLANK_LINES)),
    Case("lines.zip", zipped(("a.jsonl", ROWS), ("b.csv", b"prompt,completion\na,b\n")), examples=3),
    Case("stored.zip", zipped(("a.jsonl", ROWS), method=zipfile.ZIP_STORED), examples=2),
    Case("packed-inside.zip", zipped(("a.jsonl.gz", gzip.compress(ROWS)), ("b.jsonl.zst", zstd(ROWS))), examples=4),
    Case("with-a-readme.zip", zipped(("README.md", b"# Rows"), ("a.jsonl", ROWS)), ("~file_passed_over:README.md",), 2),
    Case("prose-alone.zip", zipped(("a.txt", b"One."), ("b.md", b"Two.")), examples=2),
    Case("leftovers.zip", zipped(("__MACOSX/._a.jsonl", b"x"), (".DS_Store", b"x"), ("a.jsonl", ROWS)), examples=2),
    Case("no-name.zip", zipped((zipfile.ZipInfo(""), b"x"), ("a.jsonl", ROWS)), ("~file_passed_over",), 2),
    Case("parent.zip", zipped(("../../a.jsonl", ROWS)), ("archive_name:../../a.jsonl",), 2),
    Case("absolute.zip", zipped(("/etc/a.jsonl", ROWS)), ("archive_name:/etc/a.jsonl",), 2),
    Case("drive.zip", zipped(("C:/a.jsonl", ROWS)), ("archive_name:C:/a.jsonl",), 2),
    Case("backslashes.zip", zipped(("..\\a.jsonl", ROWS)), ("archive_name:..\\a.jsonl",), 2),
    Case("long-name.zip", zipped((f"{'x' * 300}.jsonl", ROWS)), examples=2),
    Case("link.zip", zipped(_link("a.jsonl", "/etc/passwd"), ("b.jsonl", ROWS)), ("archive_link:a.jsonl",), 2),
    Case("encrypted.zip", _encrypted("a.jsonl"), ("archive_encrypted:a.jsonl",)),
    Case("twice.zip", zipped(("a.jsonl", ROWS), ("a.jsonl", ROWS)), ("archive_duplicate:a.jsonl",), 2),
    Case("same-but-for-capitals.zip", zipped(("a.jsonl", ROWS), ("A.jsonl", ROWS)), ("archive_duplicate:a.jsonl",), 2),
    Case(
        "same-but-for-marks.zip",
        zipped(("e\u0301.jsonl", ROWS), ("\u00e9.jsonl", ROWS)),
        ("archive_duplicate:\u00e9.jsonl",),
        2,
    ),
    Case(
        "nested.zip",
        zipped(("inner.zip", zipped(("a.jsonl", ROWS))), ("b.jsonl", ROWS)),
        ("archive_nested:inner.zip",),
        2,
    ),
    Case(
        "nested-under-another-name.zip",
        zipped(("a.jsonl", zipped(("a.jsonl", ROWS))), ("b.jsonl", ROWS)),
        ("file_unreadable:a.jsonl",),
        2,
    ),
    Case("bzip2.zip", zipped(("a.jsonl", ROWS), method=zipfile.ZIP_BZIP2), ("archive_method:a.jsonl",)),
    Case("lzma.zip", zipped(("a.jsonl", ROWS), method=zipfile.ZIP_LZMA), ("archive_method:a.jsonl",)),
    Case("one-bad-line.zip", zipped(("a.jsonl", ROWS), ("b.jsonl", b"{oops\n" + ROWS)), ("json_syntax:b.jsonl",), 4),
    Case("one-empty-file.zip", zipped(("a.jsonl", b""), ("b.jsonl", ROWS)), ("file_unreadable:a.jsonl",), 2),
    Case(
        "one-program.zip",
        zipped(("a.jsonl", b"\x7fELF" + bytes(50)), ("b.jsonl", ROWS)),
        ("file_unreadable:a.jsonl",),
        2,
    ),
    Case("damaged.zip", _damaged(), ("archive_damaged:a.jsonl",)),
    Case("lying.zip", _lying_about_size(), ("archive_damaged:a.jsonl",)),
    Case("overlapping.zip", _overlapping(), ("file_unreadable:b.jsonl",), 2),
    Case(
        "bomb.zip",
        zipped(("a.jsonl", ROWS), ("b.jsonl", ROWS + _BLANK_LINES)),
        ("archive_bomb:b.jsonl",),
        2,
        limits=FLAT,
    ),
    Case(
        "many-small-bombs.zip",
        zipped(*((f"{n:02}.jsonl", ROWS + _BLANK_LINES[:1_000_000]) for n in range(9))),
        ("archive_bomb",),
        -1,
        limits=FLAT,
    ),
    Case(
        "many-small-bombs-of-prose.zip",
        zipped(*((f"{n:03}.md", b"One." + b"\n" * 65_000) for n in range(200))),
        ("archive_bomb",),
        -1,
        limits=FLAT,
    ),
    refused("cut-off.zip", zipped(("a.jsonl", ROWS))[:-10], says="middle"),
    refused("only-a-beginning.zip", b"PK\x03\x04rest", says="middle"),
    refused("no-entries.zip", zipped(), "datasets.empty"),
    Case("many-entries.zip", _claiming_entries(65_000), refused="datasets.unreadable", says="files", limits=FEW),
    refused("office.zip", zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), says="Office"),
    refused("zip-inside-gzip.zip.gz", gzip.compress(zipped(("a.jsonl", ROWS))), says="more than once"),
)
