"""Tokens that runs of a sweep share: found by everything that decides them, and by nothing less."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luthier.data.encode import EncodedSet, encode
from luthier.data.render import Renderer
from luthier.data.token_shelf import Deciding, TokenShelf
from tests.builders.models import a_model_folder
from tests.data.builders import a_chat

USUAL: dict[str, Any] = {
    "data_sha256": "data-1",
    "part": "train",
    "method": "sft",
    "max_length": 64,
    "overlong": "drop",
    "train_on": "assistant",
}


class Tokeniser:
    """Counts how often it is asked."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self.asked = 0

    def __call__(self) -> EncodedSet:
        self.asked += 1
        return encode([a_chat("q", "a"), a_chat("q", "a" * 500, row=2)], self._renderer, max_length=64)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("shelf") / "base")


def test_a_later_run_reads_what_an_earlier_one_has_tokenised(base: Path, tmp_path: Path) -> None:
    renderer, deciding = Renderer(base), Deciding(**USUAL)
    tokeniser = Tokeniser(renderer)
    first = TokenShelf(tmp_path / "one", ()).take(deciding, renderer, tokeniser)
    second = TokenShelf(tmp_path / "two", [tmp_path / "one"]).take(deciding, renderer, tokeniser)
    assert tokeniser.asked == 1
    assert not (tmp_path / "two").exists()
    assert np.array_equal(first.ids, second.ids)
    assert first.left_out == second.left_out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_sha256", "data-2"),
        ("part", "held out"),
        ("method", "grpo"),
        ("max_length", 65),
        ("overlong", "truncate"),
        ("train_on", "everything"),
    ],
)
def test_whatever_decides_the_tokens_keeps_them_apart(base: Path, tmp_path: Path, name: str, value: Any) -> None:
    """Silent killer: a member that varies the length and trains on the tokens of another."""
    renderer = Renderer(base)
    tokeniser = Tokeniser(renderer)
    TokenShelf(tmp_path / "one", ()).take(Deciding(**USUAL), renderer, tokeniser)
    other = Deciding(**{**USUAL, name: value})
    TokenShelf(tmp_path / "two", [tmp_path / "one"]).take(other, renderer, tokeniser)
    assert tokeniser.asked == 2


def test_the_base_and_the_date_that_its_template_writes_keep_them_apart(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path / "base")
    template = base / "chat_template.jinja"
    template.write_text("{{ strftime_now('%d') }}" + (Renderer(base).files.template or ""))
    tokeniser = Tokeniser(Renderer(base))
    runs: list[Path] = []
    for day in (1, 1, 2):
        renderer = Renderer(base, datetime(2026, 1, day, tzinfo=UTC))
        TokenShelf(tmp_path / f"run-{len(runs)}", runs).take(Deciding(**USUAL), renderer, tokeniser)
        runs.append(tmp_path / f"run-{len(runs)}")
    assert tokeniser.asked == 2
    template.write_text("other " + template.read_text())
    TokenShelf(tmp_path / "last", runs).take(Deciding(**USUAL), Renderer(base), tokeniser)
    assert tokeniser.asked == 3


def test_tokens_that_were_damaged_are_made_again(base: Path, tmp_path: Path) -> None:
    renderer = Renderer(base)
    tokeniser = Tokeniser(renderer)
    TokenShelf(tmp_path / "one", ()).take(Deciding(**USUAL), renderer, tokeniser)
    [ids] = (tmp_path / "one").rglob("ids.npy")
    content = bytearray(ids.read_bytes())
    content[-1] ^= 1
    ids.write_bytes(bytes(content))
    again = TokenShelf(tmp_path / "two", [tmp_path / "one"]).take(Deciding(**USUAL), renderer, tokeniser)
    assert tokeniser.asked == 2
    assert np.array_equal(again.ids, tokeniser().ids)
