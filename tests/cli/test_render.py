import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

import luthier
from luthier.cli.consoles import THEME
from luthier.cli.render.datasets import show_examples, show_report
from luthier.cli.render.evaluations import show_evaluation, show_samples, verdict
from luthier.cli.render.pace import time_left
from luthier.cli.render.plans import show_plan
from luthier.cli.render.preflight import show_preflight, show_rows
from luthier.cli.render.progress import ProgressLine, standing_of, standing_of_step
from luthier.cli.render.runs import curve, runs_table
from luthier.cli.render.text import one_line, visible
from luthier.domain.evaluations import Comparison, EvaluationReport, Interval, Rate
from luthier.domain.jobs import Progress, Sample
from luthier.domain.preflight import ShownRow, TokenSpan
from tests.builders.plans import a_plan
from tests.builders.preflight import a_preflight_report, a_shown_row
from tests.builders.runs import a_run

STEP = {
    "step": 12,
    "total_steps": 60,
    "loss": 0.51234,
    "tokens_per_second": 412.4,
    "seconds_left": [62.0, 95.0],
}


def shown(parts: Iterable[RenderableType], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, theme=THEME, markup=False, highlight=False)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def a_comparison(low: float, high: float) -> Comparison:
    rate = Rate(right=30, total=60, share=0.5, interval=Interval(low=0.38, high=0.62))
    return Comparison(
        base=rate,
        tuned=rate,
        difference=(low + high) / 2,
        difference_interval=Interval(low=low, high=high),
        better=low > 0,
    )


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "a\rb", "\u202eevil", "\x9b31m", "\ud800", "\x00", "\x7f"])
def test_what_could_steer_a_terminal_becomes_a_symbol(text: str) -> None:
    safe = visible(text)
    assert len(safe) == len(text)
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 or letter == "\u202e" for letter in safe)
    safe.encode("utf-8")


def test_one_line_shows_where_lines_ended_and_that_something_follows() -> None:
    assert one_line("a\r\nb\tc") == "a⏎b c"
    assert one_line("x" * 50, longest=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.2, 0.6, "Better by 40.0 points"), (-0.6, -0.2, "Worse by 40.0 points"), (-0.1, 0.3, "No difference")],
)
def test_better_is_said_only_when_the_interval_says_so(low: float, high: float, words: str) -> None:
    assert verdict(a_comparison(low, high)).plain.startswith(words)


def test_a_proof_names_both_models_their_shares_and_their_intervals() -> None:
    report = EvaluationReport(
        scorer="json", base_loss=2.3, tuned_loss=0.02, comparison=a_comparison(0.2, 0.6), answers=(), seconds=1
    )
    text = shown(show_evaluation(report, "starter", "orders@0.1.0"))
    assert all(
        words in text for words in ("starter", "orders@0.1.0", "50.0 % (30 of 60)", "38.0 % to 62.0 %", "0.0200")
    )


def test_a_run_without_held_out_examples_claims_nothing() -> None:
    report = EvaluationReport(scorer="off", base_loss=None, tuned_loss=None, comparison=None, answers=(), seconds=0)
    assert "Nothing was measured" in shown(show_evaluation(report, "a", "b"))


@pytest.mark.parametrize("width", [30, 80, 140])
def test_nothing_is_lost_in_a_narrow_terminal(width: int) -> None:
    sample = Sample(prompt="p" * 90, expected="e" * 90, base="b" * 90, tuned="t" * 90)
    text = shown(show_samples([sample], "starter", "tuned"), width)
    assert [text.count(letter * 3) > 0 for letter in "pebt"] == [True] * 4
    assert max(len(line) for line in text.splitlines()) <= width
    assert sum(line.count("t") for line in text.splitlines()) >= 90
    plan = shown(show_plan(a_plan(), defaults=True), width)
    assert all(word in plan for word in ["There", "are", "few", "examples."])


def test_the_mask_can_be_read_without_colours() -> None:
    tokens = [("say", False), ("hello", True), ("<end>", True), ("\n", False)]
    row = ShownRow(row=1, tokens=tuple(TokenSpan(id=1, text=text, supervised=yes) for text, yes in tokens))
    assert "say«hello<end>»⏎" in shown(show_rows([row]))


def test_a_preflight_says_where_nothing_that_is_shown_is_learned() -> None:
    report = a_preflight_report(rows=(a_shown_row(1),))
    assert "of them learned" in shown(show_preflight(report)) and "read only" not in shown(show_preflight(report))
    drawn = shown(show_preflight(report.read_alone()))
    assert "all of them read only" in drawn and "learns it writes itself" in drawn
    assert '«{"name"' not in drawn and '{"name"' in drawn


def test_an_example_shows_its_rejected_answer_and_how_it_was_labelled() -> None:
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}]
    pair = {"row": 1, "messages": said, "rejected": [{"role": "assistant", "content": "worse"}]}
    lines = shown(show_examples([pair, {"row": 2, "messages": said, "desirable": False}])).splitlines()
    assert [line.split() for line in lines[3:5]] == [
        ["rejected", "assistant", "worse"],
        ["row", "2,", "labelled", "bad"],
    ]


def test_a_report_names_the_columns_that_are_not_used_but_not_by_the_thousand(tmp_path: Path) -> None:
    table = tmp_path / "pegs.csv"
    columns = ["prompt", "completion", *(f"extra{n}" for n in range(40))]
    table.write_text(",".join(columns) + "\n" + ",".join(columns) + "\n")
    with luthier.open(tmp_path / "home") as workspace:
        text = " ".join(shown(show_report(workspace.datasets.check(str(table)))).split())
    assert "Not used extra0, extra1," in text and "extra11 and 28 more" in text and "extra12" not in text


def test_a_state_is_always_a_word() -> None:
    assert "queued" in shown(runs_table([a_run()], {}, is_narrowed=False))


def test_a_curve_falls_where_the_loss_falls() -> None:
    assert curve([3.0, 2.0, 1.0]) == "█▅▁"
    assert curve([1.0]) == "▁"
    assert len(curve([float(value) for value in range(1000)])) <= 40


def test_time_left_is_a_range_and_the_figures_have_units() -> None:
    line = standing_of_step(STEP).as_line()
    assert line == "Training · step 12 of 60 · loss 0.5123 · 62 to 95 s left · 412 tokens/s"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0.4, "1 s"),
        (62, 95, "62 to 95 s"),
        (118, 130, "2 min"),
        (170, 230, "3 to 4 min"),
        (7000, 9000, "1.9 to 2.5 h"),
    ],
)
def test_time_left_has_no_more_digits_than_are_known(low: float, high: float, words: str) -> None:
    assert time_left(low, high) == words


def test_bytes_are_shown_as_bytes_and_counts_as_counts() -> None:
    assert standing_of(Progress(what="fetching it", done=1500, total=3000, unit="bytes")).amount == "1.5 kB of 3.0 kB"
    assert standing_of(Progress(what="tokenising", done=15, total=60)).amount == "15 of 60"


@pytest.mark.parametrize("width", [20, 45, 80, 140])
def test_the_progress_line_stays_one_line_at_any_width(width: int) -> None:
    text = shown([standing_of_step(STEP)], width)
    assert len(text.splitlines()) == 1
    assert len(text.rstrip("\n")) <= width
    assert ("tokens/s" in text) is (width >= 80)


def test_in_a_log_progress_is_a_few_lines_not_thousands() -> None:
    console = Console(file=io.StringIO(), width=100)
    with ProgressLine(console, "Reading") as line:
        for done in range(1001):
            line.update(Progress(what="tokenising", done=done, total=1000))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("Tokenising")
    assert lines[-1].startswith("Tokenising · 1\u202f000 of")
    assert len(lines) < 5
