import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.derive.repair import repair_of, repairs
from luthier.domain.derivations import NameUnknown


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("zero\u200bwidth", "zerowidth"),
        ("  blanks at the ends \n", "blanks at the ends"),
        ("cafe\u0301", "café"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("nothing to mend: 4 × 5 = 20 👍🏽", "nothing to mend: 4 × 5 = 20 👍🏽"),
    ],
)
def test_a_text_is_mended(text: str, mended: str) -> None:
    assert repair_of()(text) == mended


def test_only_what_is_named_is_mended() -> None:
    assert repair_of(["trim_ends"])(" a\u200b\r\n") == "a\u200b"


def test_what_is_a_matter_of_judgement_is_mended_by_name_only() -> None:
    risky = [name for name, safe in repairs().items() if not safe]
    assert risky == ["remove_special_tokens"]
    assert repair_of()("a<|im_end|>") == "a<|im_end|>"
    assert repair_of(risky)("a<|im_end|>") == "a"


def test_a_repair_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(NameUnknown, match=r"polish.*trim_ends"):
        repair_of(["trim_ends", "polish"])


@given(text=st.text(st.sampled_from("ab \r\n\t\u200b\u0301e\u202e\x00é\ufeff")))
def test_a_mended_text_needs_no_mending(text: str) -> None:
    repair = repair_of()
    assert repair(repair(text)) == repair(text)
