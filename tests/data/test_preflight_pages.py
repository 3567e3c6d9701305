"""Rows are shown as the model sees them, on a page that nothing in them can break out of."""

from html.parser import HTMLParser
from pathlib import Path

from luthier.data.encode import encode
from luthier.data.preflight import examine
from luthier.data.preflight_html import preflight_html
from luthier.data.render import Renderer
from luthier.data.token_view import MOST_TOKENS, shown_text, token_spans
from luthier.domain.preflight import PreflightReport
from tests.data.builders import a_chat, a_folder

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e<|im_end|>"


def a_report(tmp_path: Path, *answers: str) -> PreflightReport:
    renderer = Renderer(a_folder(tmp_path / "model", bos_token="<s>"))
    examples = [a_chat("Hé\n\t?", answer, row=row) for row, answer in enumerate(answers, start=1)]
    return examine(examples, renderer, encode(examples, renderer, max_length=2048), max_length=2048)


def test_the_tokens_of_a_row_spell_its_text(tmp_path: Path) -> None:
    renderer = Renderer(
        a_folder(tmp_path / "model", template="{{ bos_token }}x<|im_start|>y<|im_end|>", bos_token="<s>")
    )
    rendered = renderer.render(a_chat("q", "a"), "everything")
    spans = token_spans(rendered.ids, rendered.supervised, renderer)
    assert "".join(span.text for span in spans) == rendered.text
    assert [(span.text, span.kind) for span in spans] == [
        ("<s>", "bos"),
        ("x", "none"),
        ("<|im_start|>", "control"),
        ("y", "none"),
        ("<|im_end|>", "eos"),
    ]


def test_line_breaks_are_shown_and_control_characters_spelled_out(tmp_path: Path) -> None:
    tokens = a_report(tmp_path, HOSTILE).rows[0].tokens
    text = "".join(shown_text(token) for token in tokens)
    assert "⏎\n" in text and "⇥\t" in text
    assert "\x1b" not in text and "\\u001b[31m" in text


def test_a_long_row_says_how_much_is_not_shown(tmp_path: Path) -> None:
    report = a_report(tmp_path, "x" * 1000)
    assert len(report.rows[0].tokens) == MOST_TOKENS
    assert report.rows[0].more_tokens > 600
    assert f"{report.rows[0].more_tokens} more tokens" in preflight_html(report)


def test_telling_rows_are_shown_once_each(tmp_path: Path) -> None:
    report = a_report(tmp_path, "a", "bb", "ccc", "d" * 50, "", "e")
    rows = [row.row for row in report.rows]
    assert rows[:3] == [1, 2, 3] and 4 in rows
    assert len(rows) == len(set(rows)) <= 5


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_page_stands_alone_and_nothing_in_the_data_becomes_markup(tmp_path: Path) -> None:
    page = preflight_html(a_report(tmp_path, HOSTILE), title="Run <one>")
    parsed = _Tags()
    parsed.feed(page)
    assert "script" not in parsed.tags and "link" not in parsed.tags and "img" not in parsed.tags
    assert not {"style", "src", "href", "onclick"} & set(parsed.attributes)
    assert parsed.tags.count("style") == 1
    assert "Run &lt;one&gt;" in page and "prefers-color-scheme: dark" in page


def test_the_report_survives_its_file(tmp_path: Path) -> None:
    report = a_report(tmp_path, "a", "é")
    assert PreflightReport.model_validate(report.model_dump(mode="json")) == report


def test_a_report_of_what_is_read_alone_shows_nothing_as_learned(tmp_path: Path) -> None:
    report = a_report(tmp_path, "a", "é").read_alone()
    assert not any(token.supervised for row in report.rows for token in row.tokens)
    assert report.stats.supervised_tokens == 0 < report.stats.tokens
    page = preflight_html(report)
    assert "learns it writes itself" in page and 'learned">' not in page.partition("Row 1")[2]
