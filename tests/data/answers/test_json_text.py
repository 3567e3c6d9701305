import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.data.answers.json_text import JsonText

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text(), _VALUES, max_size=4), is_ascii=st.booleans(), indent=st.sampled_from([None, 2]))
def test_every_object_is_followed_to_its_end_and_is_not_beyond(value: object, is_ascii: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    place = JsonText()
    for character in text:
        assert not place.is_whole
        after = place.after(character)
        assert after is not None
        place = after
    assert place.is_whole


@given(text=st.text(alphabet='{}[]",:\\tru1-.e0 a', max_size=12))
def test_what_is_accepted_as_whole_is_json(text: str) -> None:
    place = JsonText().after("{" + text)
    if place is not None and place.is_whole:
        assert isinstance(json.loads("{" + text), dict)


@pytest.mark.parametrize(
    "text",
    ["[", "1", " {", "{,", '{"a"}', '{"a":}', '{"a":1,}', '{"a":01', '{"a":1.e', '{"a":tru}', '{"a":"\n', '{"a":[1}',
     '{"a":"\\x', '{"a":"\\u12g', '{"a":1}x', '{"a":--', "{" + " " * 17],
)  # fmt: skip
def test_a_text_that_can_become_no_object_is_given_up_at_once(text: str) -> None:
    assert JsonText().after(text) is None
