"""What a check holds in memory does not grow with its source."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from luthier.data.check import Scan, check_source
from luthier.data.readers.rows import LARGEST_ROW_BYTES
from luthier.data.tally import Tally, TallyState
from luthier.domain.datasets import Example, Message, Role

ROOT = Path(__file__).parents[2]
MEASURE = "import json; from benchmarks.check_stream import measure; print(json.dumps(measure({rows}, 0.05)))"
ONE_FILE = """
import json, sys
from pathlib import Path
from benchmarks.check_stream import peak_bytes
from luthier.data.check import check_source
report = check_source(Path(sys.argv[1]))
print(json.dumps([report.rows, report.examples, [each.code for each in report.findings],
                  peak_bytes()]))
"""


def in_a_process_of_its_own(program: str, *arguments: str) -> object:
    answer = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=240
    )
    return json.loads(answer.stdout)


def an_example(row: int, length: int) -> Example:
    return Example(row, messages=(Message(Role.USER, "x" * length), Message(Role.ASSISTANT, "y")))


@pytest.mark.slow
def test_five_times_the_rows_take_no_more_memory() -> None:
    small = in_a_process_of_its_own(MEASURE.format(rows=50_000))  # fills more than one block
    large = in_a_process_of_its_own(MEASURE.format(rows=250_000))
    assert isinstance(small, dict) and isinstance(large, dict)
    assert large["rows"] == 5 * small["rows"]
    assert large["peak_megabytes"] < min(500, 1.2 * small["peak_megabytes"] + 15)


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl"
    good = '{"prompt": "a", "completion": "b"}\n'
    with open(path, "w", encoding="utf-8") as file:
        file.write(good * 2)
        file.write('{"prompt": "' + "x" * 100_000_000 + '", "completion": "b"}\n')
        file.write(good)
    rows, examples, codes, peak = in_a_process_of_its_own(ONE_FILE, str(path))  # type: ignore[misc]
    assert (rows, examples, codes) == (4, 3, ["dataset.row_too_large"])
    assert peak < 300_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "begin", "filler"),
    [
        ("blanks.json", "[", " "),
        ("lists.json", "[[", "[],"),
        ("members.json", '{"a": [', "1, "),
        ("cells.csv", "prompt,completion\n", "a,"),
        ("quotes.csv", 'prompt,completion\n"', "a" * 999 + "\n"),
        ("turns.jsonl", '{"messages": [', "{},"),
    ],
)
def test_what_never_ends_is_given_up_in_bounded_memory(tmp_path: Path, name: str, begin: str, filler: str) -> None:
    path = tmp_path / name
    with open(path, "w", encoding="utf-8") as file:
        file.write(begin)
        for _ in range(60):
            file.write(filler * (1_000_000 // len(filler)))
    _, examples, codes, peak = in_a_process_of_its_own(ONE_FILE, str(path))  # type: ignore[misc]
    assert examples == 0
    assert codes
    assert peak < 500_000_000


def test_a_finding_quotes_a_huge_value_and_does_not_repeat_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"messages": [{"role": "r" * 1_000_000, "content": "a"}]}
    path.write_text(json.dumps(row) + "\n" + json.dumps({"x" * 1_000_000: 1}) + "\n", encoding="utf-8")
    report = check_source(path, columns={"messages": "messages"})
    assert report.errors == 2
    assert len(report.model_dump_json()) < 10_000


def test_previews_of_endless_conversations_are_short(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    turns = [{"role": ("user", "assistant")[at % 2], "content": "x" * 100} for at in range(20_000)]
    path.write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
    report = check_source(path)
    assert report.examples == 1
    assert len(report.model_dump_json()) < 20_000


def test_the_median_is_exact_for_usual_lengths_and_near_for_huge_ones() -> None:
    tally = Tally()
    for row, length in enumerate([10, 20, 30, 2_000_000, 3_000_000], start=1):
        tally.count(an_example(row, length))
    assert tally.median_characters() == 31
    for row in range(6, 12):
        tally.count(an_example(row, 1_234_567))
    assert abs(tally.median_characters() - 1_234_568) < 1_234_568 * 0.001
    assert tally.characters_max == 3_000_001


def test_lengths_of_all_kinds_are_kept_in_a_bounded_number_of_counts() -> None:
    tally = Tally()
    text = "x" * 400_000
    for row in range(20_000):
        tally.count(Example(row, text=text[: 100_000 + 13 * row % 300_000]))
    assert len(tally.state().lengths) < 3_000


def test_a_tally_survives_being_written_down(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": 1}\n' * 20, encoding="utf-8")
    scan = Scan(path)
    list(scan)
    state = scan.state()
    assert Tally.of(TallyState.model_validate_json(state.tally.model_dump_json())).state() == state.tally


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_scan_that_goes_on_from_another_ends_as_if_there_had_been_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("prompt,completion,\n" + "".join(f"q{n},a{n},\nbad\n" for n in range(300)), encoding="utf-8")
    else:
        lines = (f'{{"prompt": "q{n}", "completion": "a"}}\n{{"prompt": {n}}}\n' for n in range(300))
        path.write_text("".join(lines), encoding="utf-8")
    whole = Scan(path)
    wanted = [item for item in whole if isinstance(item, Example)]
    first = Scan(path)
    begun = []
    for item in first:
        if isinstance(item, Example):
            begun.append(item)
            if len(begun) == 217:
                break
    second = Scan(path)
    second.go_on_from(first.state())
    rest = [item for item in second if isinstance(item, Example)]
    assert begun + rest == wanted
    assert second.report() == whole.report()


def test_the_largest_row_fits_the_memory_that_is_promised() -> None:
    assert LARGEST_ROW_BYTES * 25 < 500_000_000
