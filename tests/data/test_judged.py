from dataclasses import replace
from pathlib import Path

import pytest

from luthier.data.canonical import from_dict, to_dict
from luthier.data.judged import encode_judged, with_strangers
from luthier.data.method_needs import learnt_by
from luthier.data.render import Renderer
from luthier.domain.datasets import DatasetAllUndesirable, Example
from tests.builders.jobs import a_judged_answer, an_example
from tests.builders.models import a_tokenizer_folder


def answer_of(example: Example) -> str:
    return example.messages[-1].content


def test_a_stranger_is_the_same_question_with_the_answer_to_the_next_one() -> None:
    examples = [a_judged_answer(row) for row in (1, 2, 3)]
    strangers = with_strangers(examples)
    assert [each.messages[0] for each in strangers] == [each.messages[0] for each in examples]
    assert [answer_of(each) for each in strangers] == [answer_of(examples[at]) for at in (1, 2, 0)]


def test_an_example_that_is_left_out_takes_its_stranger_and_its_judgement_along(tmp_path: Path) -> None:
    examples = [a_judged_answer(row) for row in range(1, 13)]
    judged = encode_judged(
        examples,
        Renderer(a_tokenizer_folder(tmp_path)),
        max_length=70,
        overlong="drop",
        on_progress=lambda done: None,
    )
    rows = judged.answers.rows.tolist()
    assert 0 < len(rows) < 12 and judged.strangers.rows.tolist() == rows
    assert judged.desirable.tolist() == [row % 3 != 0 for row in rows]
    assert max(judged.strangers.lengths) <= 70


def test_bad_answers_teach_kto_alone() -> None:
    examples = [a_judged_answer(row) for row in range(1, 7)]
    assert [each.row for each in learnt_by("sft", "file", examples)] == [1, 2, 4, 5]
    assert len(learnt_by("kto", "file", examples)) == 6


def test_a_file_of_bad_answers_alone_is_refused_for_supervised_training() -> None:
    with pytest.raises(DatasetAllUndesirable, match="Every answer of file is labelled bad"):
        learnt_by("sft", "file", [a_judged_answer(3)])


@pytest.mark.parametrize("desirable", [True, False, None])
def test_a_judgement_survives_being_written(desirable: bool | None) -> None:
    example = replace(an_example(1), desirable=desirable)
    assert from_dict(to_dict(example)) == example
