"""Redaction leaves no value standing, keeps who is who within an example, and changes nothing the second time."""

import re
from collections import Counter
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.derive.clean import CHANGED, EMPTIED, rewritten
from luthier.data.derive.redact import Redaction
from luthier.data.derive.sources import traced
from luthier.data.quality import PrivateSpan, find_private
from luthier.domain.datasets import Example, Message, Role, ToolCall
from tests.data.derive.builders import a_pair

MAIL = re.compile(r"[a-z]+@[a-z]+\.org")
NUMBER = re.compile(r"\d{6,}")


def find(text: str) -> list[PrivateSpan]:
    kinds = (("email", MAIL), ("account number", NUMBER))
    return [PrivateSpan(*found.span(), kind) for kind, pattern in kinds for found in pattern.finditer(text)]


def redacted(example: Example, kinds: tuple[str, ...] = ()) -> Example:
    (after,) = rewritten(
        iter([traced(example, "ds_1")]), lambda each: Redaction(each, find, kinds), "redact", Counter()
    )
    return after


def texts(example: Example) -> list[str]:
    return [message.content for message in example.messages]


def test_a_rejected_answer_is_redacted_like_the_chosen_one() -> None:
    worse = (Message(Role.ASSISTANT, "Ask ada@lute.org"),)
    after = redacted(replace(a_pair(1, "I am ada@lute.org", "Hello"), rejected=worse))
    assert [message.content for message in after.rejected] == ["Ask [EMAIL_1]"]


def test_the_same_value_has_the_same_word_in_question_and_answer() -> None:
    after = redacted(a_pair(1, "I am ada@lute.org, not bob@lute.org", "Hello ada@lute.org, greet bob@lute.org"))
    assert texts(after) == ["I am [EMAIL_1], not [EMAIL_2]", "Hello [EMAIL_1], greet [EMAIL_2]"]
    assert after.origin is not None and after.origin.changes == ("redact",)


def test_what_a_tool_is_called_with_is_redacted_too() -> None:
    call = Message(Role.ASSISTANT, "", tool_calls=(ToolCall("send", {"to": ["ada@lute.org", {"cc": "ada@lute.org"}]}),))
    after = redacted(Example(1, messages=(Message(Role.USER, "Write to ada@lute.org"), call)))
    assert after.messages[1].tool_calls[0].arguments == {"to": ["[EMAIL_1]", {"cc": "[EMAIL_1]"}]}


def test_only_the_kinds_that_are_named_are_replaced() -> None:
    after = redacted(a_pair(1, "ada@lute.org has 123456789", "ok"), ("account number",))
    assert texts(after)[0] == "ada@lute.org has [ACCOUNT_NUMBER_1]"


def test_numbers_of_an_earlier_redaction_are_not_given_again() -> None:
    after = redacted(a_pair(1, "[EMAIL_1] wrote to ada@lute.org", "ok"))
    assert texts(after)[0] == "[EMAIL_1] wrote to [EMAIL_2]"


def test_of_values_that_overlap_nothing_is_left_standing() -> None:
    def overlapping(text: str) -> list[PrivateSpan]:
        return [PrivateSpan(0, 4, "name"), PrivateSpan(2, 8, "phone"), PrivateSpan(9, 11, "name")]

    assert Redaction(a_pair(1, "", ""), overlapping)("abcdefgh ij") == "[NAME_1] [NAME_2]"


pieces = st.lists(
    st.sampled_from(["ada@lute.org", "BOB@LUTE.ORG", "1234567", "[EMAIL_1]", "hello", "\n", "+49 170 1234567", "é"]),
    max_size=8,
)


@given(question=pieces, answer=pieces)
def test_a_second_redaction_finds_nothing(question: list[str], answer: list[str]) -> None:
    example = a_pair(1, " ".join(question), " ".join(answer) + " ok")
    once = rewritten(iter([traced(example, "ds_1")]), lambda each: Redaction(each, find_private), "redact", Counter())
    (after,) = once
    assert [find_private(text) for text in texts(after)] == [[], []]
    counts: Counter[str] = Counter()
    assert list(rewritten(iter([after]), lambda each: Redaction(each, find_private), "redact", counts)) == [after]
    assert counts[CHANGED] == 0


def test_an_example_whose_answer_vanishes_is_left_out_and_counted() -> None:
    counts: Counter[str] = Counter()
    rows = [traced(a_pair(1, "q", "\u200b"), "ds_1"), traced(a_pair(2, "q", "a"), "ds_1")]
    kept = list(rewritten(iter(rows), lambda _: lambda text: text.replace("\u200b", ""), "repair", counts))
    assert ([example.row for example in kept], counts) == ([2], {EMPTIED: 1})
