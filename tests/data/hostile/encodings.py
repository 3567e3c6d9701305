"""Files in every encoding that people still send, with and without a mark, whole and broken."""

import codecs
import json

from tests.data.hostile.cases import GOOD, Case, in_the_middle, refused

_GERMAN = "Der Geigenbauer prüft den Hals, dann die Wölbung; für größere Öffnungen nimmt er schöneres Holz. Süß!"
_FRENCH = "L’élève a déjà réparé la guitare près du château; où étaient les clés, à côté de la fenêtre ?"
_JAPANESE = "弦を交換する前に、必ず楽器の状態を確認してください。木材は乾燥に弱いので、湿度に注意します。"
_CHINESE = "更换琴弦之前，请先检查乐器的状态。木材怕干燥，所以要注意湿度，不要放在阳光下。"
_KOREAN = "줄을 교체하기 전에 악기의 상태를 확인하십시오. 나무는 건조에 약하므로 습도에 주의해야 합니다."
_RUSSIAN = "Перед заменой струн проверьте состояние инструмента. Дерево боится сухости, следите за влажностью."


def _rows(text: str, rows: int = 4) -> str:
    row = json.dumps({"prompt": text, "completion": text[::-1]}, ensure_ascii=False)
    return f"{row}\n" * rows


def _assumed(name: str, codec: str, text: str) -> Case:
    return Case(f"{name}.jsonl", _rows(text).encode(codec), ("encoding_assumed",), 4)


CASES: tuple[Case, ...] = (
    Case("utf8-with-mark.jsonl", codecs.BOM_UTF8 + _rows(_GERMAN).encode(), examples=4),
    Case("utf16.jsonl", _rows(_GERMAN).encode("utf-16"), examples=4),
    Case("utf16-big-endian.jsonl", codecs.BOM_UTF16_BE + _rows(_JAPANESE).encode("utf-16-be"), examples=4),
    Case("utf32.jsonl", _rows(_GERMAN).encode("utf-32"), examples=4),
    Case("utf32-big-endian.jsonl", codecs.BOM_UTF32_BE + _rows(_GERMAN).encode("utf-32-be"), examples=4),
    Case("utf16-list.json", f"[{GOOD},{GOOD}]".encode("utf-16"), examples=2),
    Case("utf16-table.csv", "prompt,completion\r\nä,ö\r\n".encode("utf-16"), examples=1),
    _assumed("utf16-without-mark", "utf-16-le", _GERMAN),
    _assumed("utf16-big-endian-without-mark", "utf-16-be", _GERMAN),
    _assumed("utf32-without-mark", "utf-32-le", _GERMAN),
    _assumed("utf32-big-endian-without-mark", "utf-32-be", _GERMAN),
    _assumed("windows-1252-german", "cp1252", _GERMAN),
    _assumed("windows-1252-french", "cp1252", _FRENCH),
    _assumed("shift-jis", "cp932", _JAPANESE),
    _assumed("gb18030", "gb18030", _CHINESE),
    _assumed("euc-kr", "cp949", _KOREAN),
    _assumed("windows-1251", "cp1251", _RUSSIAN),
    Case(
        "windows-1252.csv",
        ("prompt,completion\r\n" + f'"{_GERMAN}","{_GERMAN}"\r\n' * 3).encode("cp1252"),
        ("encoding_assumed",),
        3,
    ),
    in_the_middle("one-latin-line", b'{"prompt": "caf\xe9", "completion": "b"}', "encoding", says="0xe9"),
    in_the_middle("overlong", b'{"prompt": "\xc0\xaf", "completion": "b"}', "encoding"),
    in_the_middle("surrogate-as-bytes", b'{"prompt": "\xed\xa0\x80", "completion": "b"}', "encoding"),
    in_the_middle("beyond-unicode", b'{"prompt": "\xf5\x80\x80\x80", "completion": "b"}', "encoding"),
    in_the_middle("byte-ff", b'{"prompt": "\xff", "completion": "b"}', "encoding"),
    in_the_middle("character-cut-off", b'{"prompt": "\xe2\x82', "encoding"),
    Case(
        "utf16-line.jsonl",
        _rows("a", 2).encode() + GOOD.encode("utf-16-le") + b"\n" + _rows("a", 40).encode(),
        ("json_syntax:3",),
        42,
    ),
    Case(
        "utf8-and-latin-lines.jsonl",
        _rows(_GERMAN, 2).encode() + _rows(_GERMAN, 1).encode("cp1252") + _rows(_GERMAN, 2).encode(),
        ("encoding:3",),
        4,
    ),
    Case("latin-in-a-list.json", b"[" + GOOD.encode() + b',\n{"prompt": "caf\xe9"}]', ("encoding:2",), 1),
    Case("latin-in-a-table.csv", b"prompt,completion\na,b\ncaf\xe9,b\n", ("encoding:3",), 1),
    Case("utf16-of-odd-length.jsonl", _rows("a").encode("utf-16") + b"\x00", ("encoding:5",), 4),
    Case(
        "utf16-half-a-character.jsonl",
        (_rows("a", 2) + '{"prompt": "\ud83d"}\n').encode("utf-16", "surrogatepass"),
        ("encoding:3",),
        2,
    ),
    Case("utf16-in-a-text.txt", "Eine schöne Geschichte.\n".encode("utf-16"), examples=1),
    Case("ascii-escapes.jsonl", json.dumps({"prompt": _JAPANESE, "completion": "b"}).encode() + b"\n", examples=1),
    Case("decomposed.jsonl", '{"prompt": "cafe\u0301", "completion": "b"}\n'.encode(), examples=1),
    refused("mark-of-utf16-alone.jsonl", codecs.BOM_UTF16_LE, "datasets.empty"),
)
