"""Numbers for pictures: nothing is lost in a histogram, labels are told from texts, scripts by their letters."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from luthier.data.quality.labels import Labels
from luthier.data.quality.pictures import length_histogram, parts_by_count, parts_in_order, score_histogram
from luthier.data.quality.profile import count_tokens, token_profile
from luthier.data.quality.scripts import scripts_of
from luthier.data.render import Renderer
from luthier.domain.datasets import Example
from tests.data.builders import a_chat, a_folder


@given(st.lists(st.integers(0, 2_000_000), max_size=60))
def test_every_length_is_in_one_bin_of_its_histogram(lengths: list[int]) -> None:
    shown = length_histogram(np.array(lengths, dtype=np.uint32))
    assert sum(shown.counts) == len(lengths)
    assert len(shown.edges) == len(shown.counts) + 1
    assert list(shown.edges) == sorted(set(shown.edges))
    assert not lengths or shown.edges[0] <= min(lengths) <= max(lengths) < shown.edges[-1]


def test_a_score_of_seven_tenths_stands_in_the_bin_that_begins_there() -> None:
    shown = score_histogram(np.array([0.0, 0.05, 0.7, 0.35, 1.0], dtype=np.float32))
    assert shown.counts == (2, 0, 0, 1, 0, 0, 0, 1, 0, 1)


def test_few_short_answers_that_repeat_are_labels_with_their_evenness() -> None:
    labels = Labels()
    for label in ["spruce"] * 30 + ["maple"] * 10:
        labels.add([label])
    balance = labels.balance()
    assert balance is not None
    assert [(part.name, part.count) for part in balance.labels] == [("spruce", 30), ("maple", 10)]
    assert balance.evenness == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))


@pytest.mark.parametrize(
    "answers",
    [
        ["one", "two", "three"],
        ["a label"] * 20 + ["a long answer " * 9] * 5,
        [f"{number}" for number in range(3000)],
        [],
    ],
)
def test_other_answers_are_no_labels(answers: list[str]) -> None:
    labels = Labels()
    for answer in answers:
        labels.add([answer])
    assert labels.balance() is None


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hello, world", "Latin"),
        ("Schöne Grüße", "Latin"),
        ("Привет, мир", "Cyrillic"),
        ("Γειά σου", "Greek"),
        ("你好，世界", "Han"),
        ("今日は良い天気です", "Japanese"),
        ("안녕하세요", "Hangul"),
        ("مرحبا", "Arabic"),
        ("नमस्ते", "Devanagari"),
        ("สวัสดี", "Thai"),
        ("12 + 30 = 42", "none"),
        ("👍🎻", "none"),
        ("", "none"),
        ("\ud800", "none"),
    ],
)
def test_a_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert list(scripts_of([text])) == [script]


def test_what_is_rare_is_put_together_and_nothing_is_lost() -> None:
    parts = parts_by_count({f"kind {number}": number + 1 for number in range(30)})
    assert (parts[0].name, parts[0].count, parts[-1].name) == ("kind 29", 30, "others")
    assert sum(part.count for part in parts) == sum(range(1, 31))
    turns = parts_in_order({2: 5, 4: 1, 30: 2, 11: 1}, 10)
    assert [(part.name, part.count) for part in turns] == [("2", 5), ("4", 1), ("10 or more", 3)]


def test_tokens_are_counted_as_the_model_gets_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    renderer = Renderer(a_folder(tmp_path_factory.mktemp("base")))
    examples = [a_chat("abc", "defg", row=1), a_chat("a" * 50, "b" * 100, row=2), Example(3, text="plain")]
    counts = count_tokens(examples, renderer)
    rendered = renderer.render_many(examples)
    assert counts.lengths.tolist() == [len(each.ids) for each in rendered]
    profile = token_profile(counts, "tiny", "ab" * 32, max_length=100)
    assert (profile.tokens_max, profile.longer) == (max(counts.lengths), 1)
    assert profile.longer_share == pytest.approx(1 / 3)
    assert profile.supervised_share == sum(sum(each.supervised) for each in rendered) / counts.lengths.sum()
