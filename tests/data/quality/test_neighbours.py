"""Near duplicates are found in any script and order, and texts that share little are kept apart."""

import random

import numpy as np
import pytest

from luthier.data.quality import near_duplicate_groups
from luthier.data.quality.neighbours import matches_of
from luthier.data.quality.sketches import BINS, likeness, rows_per_band, sketches_of
from tests.data.quality.planted import Speaker


def together(texts: list[str], threshold: float = 0.8) -> set[frozenset[str]]:
    groups = near_duplicate_groups(texts, threshold)
    return {frozenset(np.array(texts, dtype=object)[groups == group]) for group in set(groups.tolist())}


def true_likeness(left: str, right: str, width: int = 6) -> float:
    own, other = ({text[at : at + width] for at in range(len(text) - width + 1)} for text in (left, right))
    return len(own & other) / len(own | other)


def test_a_text_with_another_word_case_or_punctuation_is_in_the_same_group() -> None:
    speaker = Speaker(1)
    originals = [speaker.text(4) for _ in range(200)]
    copies = [text.replace(text.split()[20], "violino", 1).upper() + "!!" for text in originals]
    groups = near_duplicate_groups([*originals, *copies])
    found = sum(int(groups[at] == groups[at + 200]) for at in range(200))
    assert found >= 196
    assert len(set(groups[:200].tolist())) == 200


def test_the_id_of_a_group_is_the_position_of_its_first_text() -> None:
    assert near_duplicate_groups(["one thing", "another matter", "One thing.", "one  thing"]).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("texts", [[], [""], ["", "", " "], ["a", "b"], ["\ud800", "x"]])
def test_texts_with_little_or_nothing_in_them_are_no_obstacle(texts: list[str]) -> None:
    groups = near_duplicate_groups(texts)
    assert len(groups) == len(texts)
    assert len(set(groups.tolist())) == len({text.strip() for text in texts})


def test_scripts_without_blanks_are_compared_as_finely_as_others() -> None:
    chinese = "小提琴的面板通常用云杉制成背板和侧板则用枫木制成这些木材需要在阴凉处自然干燥多年才能使用"
    changed = chinese.replace("多年", "十年")
    other = "今天的天气很好我们打算去公园散步然后在湖边的小店里喝一杯茶再慢慢走回家准备晚饭"
    assert together([chinese, other, changed], 0.7) == {frozenset({chinese, changed}), frozenset({other})}


def test_the_groups_do_not_depend_on_the_order_of_the_texts() -> None:
    speaker, chance = Speaker(2), random.Random(3)
    texts = [speaker.text(2) for _ in range(120)]
    texts += [text.replace(text.split()[3], speaker.word(), 1) for text in texts[:60]]
    shuffled = chance.sample(texts, len(texts))
    assert together(texts) == together(shuffled)


@pytest.mark.parametrize("seed", range(2))
def test_the_groups_of_texts_that_are_more_or_less_alike_do_not_depend_on_their_order(seed: int) -> None:
    speaker, chance = Speaker(20 + seed), random.Random(seed)
    words = [speaker.word() for _ in range(40)]
    texts = [" ".join(speaker.word() if chance.random() < 0.04 else word for word in words) for _ in range(80)]
    assert together(texts) == together(chance.sample(texts, len(texts)))


def test_the_estimate_is_as_good_as_it_says() -> None:
    speaker, chance = Speaker(4), random.Random(5)
    errors = []
    for _ in range(300):
        words = speaker.text(4).rstrip(".").split()
        other = [speaker.word() if chance.random() < 0.06 else word for word in words]
        left, right = f" {' '.join(words)} ".lower(), f" {' '.join(other)} ".lower()
        plain = [text.replace(".", "") for text in (left, right)]
        estimate = likeness(sketches_of([left]), sketches_of([right]))[0]
        errors.append(estimate - true_likeness(*plain))
    assert abs(float(np.mean(errors))) < 0.02
    assert float(np.std(errors)) < 0.07


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
def test_bands_find_nearly_every_pair_that_is_just_alike_enough(threshold: float) -> None:
    rows = rows_per_band(threshold)
    assert 1 - (1 - threshold**rows) ** (BINS // rows) >= 0.95


def test_each_text_is_matched_with_the_most_alike_of_another_set() -> None:
    speaker = Speaker(6)
    texts = [speaker.text(4) for _ in range(50)]
    own = [texts[7].replace(texts[7].split()[5], "violino", 1), speaker.text(4), texts[3]]
    ids = np.arange(50, dtype=np.uint64)
    assert matches_of(sketches_of(own), sketches_of(texts), ids).tolist() == [7, -1, 3]
    assert matches_of(sketches_of(own), sketches_of([]), ids[:0]).tolist() == [-1, -1, -1]


def test_an_instruction_that_stands_before_every_question_makes_them_no_duplicates() -> None:
    speaker = Speaker(7)
    instruction, ending = speaker.text(5), speaker.sentence()
    own = [speaker.sentence(9) for _ in range(300)]
    texts = [f"{instruction} {sentence} {ending}" for sentence in own]
    copies = [text.replace(sentence.split()[4], "violino") for text, sentence in zip(texts[:40], own[:40], strict=True)]
    groups = near_duplicate_groups([*texts, *own[:40], *copies])
    assert len(set(groups[:300].tolist())) >= 298
    assert near_duplicate_groups([*texts, *(text.upper() for text in texts[:40])])[300:].tolist() == list(range(40))


def test_a_text_that_a_third_of_the_rows_repeat_is_still_one_group_and_another_one_its_own() -> None:
    speaker = Speaker(8)
    one, two = speaker.text(), speaker.text()
    texts = [one] * 40 + [two] * 40 + [speaker.text() for _ in range(40)]
    assert together(texts) == {frozenset({text}) for text in texts}
    assert near_duplicate_groups(texts)[:80].tolist() == [0] * 40 + [40] * 40
