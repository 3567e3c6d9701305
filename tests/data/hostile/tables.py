"""Tables as spreadsheets and hands write them."""

from tests.data.hostile.cases import Case, refused

_HEADER = "prompt,completion\n"


def _table(name: str, text: str, find: str = "", examples: int = 1) -> Case:
    return Case(f"{name}.csv", text.encode(), tuple(find.split()), examples)


def _cell(name: str, cell: str, find: str = "", examples: int = 3) -> Case:
    return _table(name, f'{_HEADER}a,b\n"{cell}",b\na,b\n', find, examples)


CASES: tuple[Case, ...] = (
    _table("long-row", f"{_HEADER}a,b\na,b,c\na,b\n", "ragged_row:3", 2),
    _table("short-row", f"{_HEADER}a,b\na\na,b\n", "ragged_row:3", 2),
    _table("padded-rows", f"{_HEADER}a,b,,\na,b\n", "ragged_row:2"),
    _table("quote-not-closed", f'{_HEADER}a,b\n"a,b\na,b\n', "csv_syntax:3", 1),
    _table("quote-inside-a-cell", f'{_HEADER}a,b\n"a"x,b\na,b\n', "csv_syntax:3", 2),
    _table("inch-marks", f'{_HEADER}a 12" record,b\na,b\n', examples=2),
    _table("doubled-quotes", f'{_HEADER}"say ""a""",b\n'),
    _table("line-ends-in-cells", f'{_HEADER}"a\nb\n\nc","d\r\ne"\n'),
    _table("commas-in-cells", f'{_HEADER}"a, b","c; d"\n'),
    _table("column-twice", "prompt,completion,prompt\na,b,c\n", "header_duplicate:1", 1),
    _table("column-without-a-name", "prompt,,completion\na,x,b\n", "~header_empty:1"),
    _table("index-column", ",prompt,completion\n0,a,b\n", "~header_empty:1"),
    _table("semicolons", "prompt;completion\na;b\n"),
    _table("tabs", "prompt\tcompletion\na\tb\n"),
    _table("bars", "prompt|completion\na|b\n"),
    _table("named-delimiter", "sep=;\nprompt;completion\na;b\n"),
    _table("named-delimiter-with-a-fault", "sep=;\nprompt;completion\na;b;c\na;b\n", "ragged_row:3"),
    _table("decimal-commas", "prompt;completion\n1,5;2,5\n"),
    _table("spaces-in-the-header", " prompt , completion \na,b\n"),
    _table("capitals-in-the-header", "Prompt,COMPLETION\na,b\n"),
    _table("mark", f"\ufeff{_HEADER}a,b\n"),
    _table("windows-line-ends", "prompt,completion\r\na,b\r\n"),
    _table("old-line-ends", "prompt,completion\ra,b\r"),
    _table("blank-rows", f"{_HEADER}\na,b\n\n\na,b\n", examples=2),
    _table("row-of-commas", f"{_HEADER}a,b\n,\na,b\n", "answer_empty:3 question_empty:3", 2),
    _table("nul-in-a-cell", f"{_HEADER}a,b\na\x00,b\n", "nul_character:3"),
    _table(
        "two-thousand-columns",
        ",".join(["prompt", "completion", *(f"c{n}" for n in range(2000))]) + "\n" + "x," * 2001 + "x\n",
    ),
    _table(
        "sixteen-thousand-columns",
        "prompt,completion" + ",x" * 16_382 + "\na,b\n",
        "header_duplicate:1 ragged_row:2",
        0,
    ),
    _table("cell-of-two-hundred-kilobytes", f'{_HEADER}"{"x " * 100_000}",b\n'),
    _table("a-million-quotes", f'{_HEADER}a,b\n"{chr(34) * 1_000_000}",b\n', examples=2),
    _cell("formula", "=1+1", "~formula_cell:3"),
    _cell("link-formula", "=HYPERLINK(1)", "~formula_cell:3"),
    _cell("command", "=cmd|' /C calc'!A0", "~formula_cell:3"),
    _cell("at-formula", "@SUM(1+1)*cmd|' /C calc'!A0", "~formula_cell:3"),
    _cell("plus-formula", "+1+cmd|' /C calc'!A0", "~formula_cell:3"),
    _cell("tabbed-formula", "\t=1+1", "~formula_cell:3"),
    _cell("negative-number", "-5"),
    _cell("list-of-points", "- one (see there)"),
    _cell("dashes", "--- and then"),
    refused("only-a-header.csv", _HEADER.encode(), "datasets.empty"),
    refused("unknown-columns.csv", b"a,b\n1,2\n", "datasets.shape_unknown"),
    refused("no-header.csv", b"what is it?,a harp\nand that?,a lute\n", "datasets.shape_unknown"),
)
