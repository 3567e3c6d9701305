"""Each silent killer is planted here, and preflight must find it; a sound set must pass without a word."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luthier.data.encode import EncodedSet, encode
from luthier.data.preflight import Embeddings, examine
from luthier.data.render import Renderer, TrainOn
from luthier.domain.datasets import Example, Mapping, Message, Role, Shape, ToolCall
from luthier.domain.findings import Level
from luthier.domain.preflight import PreflightReport
from tests.data.builders import CHATML, CONTROL, a_chat, a_folder
from tests.data.templates import CLOSES_TWICE, ENDLESS, FORGETFUL, OPENS_THINKING, REASONING

CHATS = [a_chat(f"question {row}", f"answer {row}", "and?", "so", row=row, system="s") for row in range(1, 30)]


def renderer(tmp_path: Path, **fields: Any) -> Renderer:
    return Renderer(a_folder(tmp_path / "model", **fields))


def examined(
    given: Renderer,
    examples: list[Example],
    encoded: EncodedSet | None = None,
    *,
    max_length: int = 256,
    train_on: TrainOn = "assistant",
    **known: Any,
) -> PreflightReport:
    if encoded is None:
        encoded = encode(examples, given, max_length=max_length, train_on=train_on, overlong="truncate")
    return examine(examples, given, encoded, max_length=max_length, train_on=train_on, **known)


def found(report: PreflightReport) -> dict[str, Level]:
    return {finding.code.removeprefix("preflight."): finding.level for finding in report.findings}


def test_a_sound_set_passes_every_check(tmp_path: Path) -> None:
    report = examined(renderer(tmp_path), CHATS, embeddings=Embeddings(frozenset({0}), rows=5000))
    assert report.findings == ()
    assert len(report.checks) == 15 and all(check.found == 0 and check.question for check in report.checks)
    assert report.stop_tokens == ("<|im_end|>",)
    assert (report.stats.examples, report.stats.left_out, report.stats.truncated) == (29, 0, 0)
    assert 0 < report.stats.supervised_share_min <= report.stats.supervised_share_mean < 1


def test_every_finding_says_what_to_do(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=ENDLESS)
    report = examined(given, CHATS)
    assert report.findings
    assert all(finding.actions and finding.sentence.endswith(".") for finding in report.findings)


@pytest.mark.parametrize("train_on", ["assistant", "everything"])
def test_an_end_that_is_masked_is_found(tmp_path: Path, train_on: TrainOn) -> None:
    """What a collator does that takes padding for the end when both are one token."""
    given = renderer(tmp_path)
    encoded = encode(CHATS, given, max_length=256, train_on=train_on)
    assert found(examined(given, CHATS, encoded, train_on=train_on)) == {}
    masked = replace(
        encoded, supervised=encoded.supervised & (encoded.ids != given.pad_id) & (encoded.ids != given.eos_id)
    )
    assert found(examined(given, CHATS, masked, train_on=train_on))["eos_masked"] is Level.ERROR


def test_one_masked_end_in_the_middle_of_one_conversation_is_found_and_its_row_named(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    encoded = encode(CHATS, given, max_length=256)
    supervised = encoded.supervised.copy()
    first_end = np.flatnonzero((encoded.ids_of(4) == given.eos_id) & encoded.supervised_of(4))[0]
    supervised[encoded.offsets[4] + first_end] = False
    report = examined(given, CHATS, replace(encoded, supervised=supervised))
    (finding,) = [each for each in report.findings if each.code == "preflight.eos_masked"]
    assert finding.place.row == 5 and "row 5 " in finding.sentence


def test_a_template_that_never_ends_an_answer_is_found(tmp_path: Path) -> None:
    assert found(examined(renderer(tmp_path, template=ENDLESS), CHATS))["eos_masked"] is Level.ERROR


def test_files_that_disagree_about_the_end_are_found(tmp_path: Path) -> None:
    report = examined(renderer(tmp_path, eos_token="<|endoftext|>"), CHATS)
    assert found(report) == {"stop_disagrees": Level.WARNING}
    assert "<|endoftext|>" in report.findings[0].sentence and "<|im_end|>" in report.findings[0].sentence


def test_a_double_bos_is_found(tmp_path: Path) -> None:
    given = renderer(tmp_path, template="{{ bos_token }}" + CHATML, bos_token="<s>")
    doubled = [replace(chat, messages=chat.messages) for chat in CHATS]
    assert found(examined(given, doubled)) == {}
    twice = Renderer(a_folder(tmp_path / "twice", template="{{ bos_token }}{{ bos_token }}" + CHATML, bos_token="<s>"))
    assert found(examined(twice, doubled)) == {"double_bos": Level.ERROR}


def test_a_text_that_spells_the_bos_which_is_added_anyway_is_found(tmp_path: Path) -> None:
    given = renderer(tmp_path, adds_bos="<s>", bos_token="<s>")
    report = examined(given, [Example(1, text="<s>text"), Example(2, text="text")])
    assert found(report)["double_bos"] is Level.ERROR
    assert report.findings[0].place.row == 1


def test_a_template_that_forgets_the_bos_is_found(tmp_path: Path) -> None:
    given = renderer(tmp_path, adds_bos="<s>", bos_token="<s>")
    assert found(examined(given, CHATS)) == {"bos_missing": Level.WARNING}


def test_an_answer_that_leaves_nothing_to_learn_is_found(tmp_path: Path) -> None:
    silent = CHATML.replace("message['content']", "(message['content'] if message['role'] == 'user' else '')")
    report = examined(renderer(tmp_path, template=silent.replace("+ '<|im_end|>'", "")), CHATS)
    assert found(report)["nothing_supervised"] is Level.ERROR


def test_an_example_with_all_weights_zero_is_no_fault(tmp_path: Path) -> None:
    given = Example(99, messages=(Message(Role.USER, "q"), Message(Role.ASSISTANT, "a", train=False)))
    assert found(examined(renderer(tmp_path), [*CHATS, given])) == {}


def test_cut_and_dropped_answers_are_counted_with_a_length_that_would_do(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    examples = [*CHATS, a_chat("q", "a" * 400, row=77)]
    for overlong in ("truncate", "drop"):
        encoded = encode(examples, given, max_length=256, overlong=overlong)  # type: ignore[arg-type]
        report = examined(given, examples, encoded)
        assert found(report) == {"answer_cut": Level.WARNING}
        assert report.findings[0].place.row == 77
        assert report.findings[0].actions[0].command == "luthier train --data FILE --set max_length=448"


def test_a_turn_that_the_template_forgets_is_found(tmp_path: Path) -> None:
    assert found(examined(renderer(tmp_path, template=FORGETFUL), CHATS))["turn_not_trained"] is Level.ERROR


def test_a_word_that_the_tokenizer_takes_for_a_control_token_is_found(tmp_path: Path) -> None:
    given = renderer(tmp_path, control=(*CONTROL, "answer"))
    report = examined(given, CHATS)
    assert "control_token_in_text" in found(report)


def test_reasoning_that_is_dropped_from_earlier_turns_is_found(tmp_path: Path) -> None:
    thought = [replace(chat, messages=tuple(_thinking(message) for message in chat.messages)) for chat in CHATS]
    report = examined(renderer(tmp_path, template=REASONING), thought)
    assert found(report) == {"content_lost": Level.WARNING}
    assert "reasoning" in report.findings[0].sentence


def test_a_call_whose_arguments_are_dropped_is_found(tmp_path: Path) -> None:
    nameless = REASONING.replace("call.function.arguments | tojson", "'{\"key\": 1}'")
    call = ToolCall("weather", {"city": "Köln"})
    talk = Example(1, messages=(Message(Role.USER, "q"), Message(Role.ASSISTANT, "", tool_calls=(call,))))
    report = examined(renderer(tmp_path, template=nameless), [talk])
    assert found(report)["content_lost"] is Level.WARNING
    assert "tool calls" in report.findings[0].sentence


def test_generation_that_opens_otherwise_than_training_is_found(tmp_path: Path) -> None:
    report = examined(renderer(tmp_path, template=OPENS_THINKING), CHATS)
    assert found(report) == {"template_differs": Level.WARNING}


def test_two_templates_in_one_folder_are_found(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "model")
    (folder / "chat_template.jinja").write_text(CHATML + "{# another #}", encoding="utf-8")
    assert found(examined(Renderer(folder), CHATS)) == {"template_lacks_words": Level.NOTE}


def test_a_template_that_writes_the_date_is_found(tmp_path: Path) -> None:
    dated = "{{ strftime_now('%Y') and '' }}" + CHATML
    assert found(examined(renderer(tmp_path, template=dated), CHATS)) == {"template_lacks_words": Level.NOTE}


def test_parts_that_are_written_as_text_are_told(tmp_path: Path) -> None:
    thought = [replace(chat, messages=tuple(_thinking(message) for message in chat.messages)) for chat in CHATS]
    report = examined(renderer(tmp_path), thought)
    assert found(report) == {"template_lacks_words": Level.NOTE}
    assert "reasoning" in report.findings[0].sentence


def test_tokens_that_the_base_never_learned_are_found(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    text = Example(7, text="a <s> here")
    untrained = frozenset({given.files.tokenizer.token_to_id("<s>")})
    report = examined(given, [*CHATS, text], embeddings=Embeddings(untrained))
    assert found(report)["untrained_token"] is Level.ERROR
    finding = next(each for each in report.findings if each.code == "preflight.untrained_token")
    assert finding.place.row == 7 and "<s>" in finding.sentence


def test_tokens_beyond_the_embeddings_are_found(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    report = examined(given, CHATS, embeddings=Embeddings(rows=given.eos_id))
    assert found(report) == {"token_outside_vocabulary": Level.ERROR}


def test_an_unsure_mapping_is_found(tmp_path: Path) -> None:
    mapping = Mapping(shape=Shape.TEXT, columns={"text": "body"}, confidence=0.5, reason="two columns could be it")
    assert found(examined(renderer(tmp_path), CHATS, mapping=mapping)) == {"mapping_unsure": Level.WARNING}


def test_control_tokens_that_fall_into_pieces_are_found(tmp_path: Path) -> None:
    given = renderer(tmp_path, template=CLOSES_TWICE)
    report = examined(given, CHATS)
    assert found(report)["control_token_split"] is Level.ERROR
    assert any("<|end|>" in finding.sentence for finding in report.findings)


def test_text_that_spells_a_control_token_is_found(tmp_path: Path) -> None:
    examples = [*CHATS, a_chat("What does <|im_end|> mean?", "It ends a turn.", row=41)]
    report = examined(renderer(tmp_path), examples)
    assert found(report) == {"control_token_in_text": Level.WARNING}
    assert report.findings[0].place.row == 41


def test_split_texts_and_cut_examples_are_not_taken_for_masked_ends(tmp_path: Path) -> None:
    given = renderer(tmp_path)
    examples = [Example(1, text="word " * 200), a_chat("q", "a" * 400, row=2)]
    encoded = encode(examples, given, max_length=64, overlong="truncate")
    assert found(examined(given, examples, encoded, max_length=64)) == {"answer_cut": Level.WARNING}


def test_an_empty_set_is_examined_without_failing(tmp_path: Path) -> None:
    for train_on in ("assistant", "everything"):
        report = examined(renderer(tmp_path), [], train_on=train_on)  # type: ignore[arg-type]
        assert (report.stats.examples, report.rows, report.findings) == (0, (), ())


def test_further_checks_can_be_joined(tmp_path: Path) -> None:
    report = examined(renderer(tmp_path), CHATS)
    joined = report.joined(report.checks[:1], ())
    assert len(joined.checks) == len(report.checks) + 1


def _thinking(message: Message) -> Message:
    return replace(message, reasoning="because of that") if message.role is Role.ASSISTANT else message
