import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.data.answers.stop_texts import StopTexts

_TEXT = st.text(alphabet="ab\n", max_size=20)


@given(pieces=st.lists(_TEXT, max_size=8), stops=st.lists(_TEXT.filter(bool), max_size=3))
def test_however_an_answer_is_cut_into_pieces_it_ends_before_the_first_stop_text(
    pieces: list[str], stops: list[str]
) -> None:
    watch, told = StopTexts(stops), ""
    for piece in pieces:
        told += watch.push(piece)
        if watch.found:
            break
    told += watch.rest()
    whole = "".join(pieces)
    ends = [place for stop in stops if (place := whole.find(stop)) >= 0]
    assert watch.found == bool(ends)
    if ends:
        assert whole.startswith(told) and not any(stop in told for stop in stops)
    else:
        assert told == whole


@pytest.mark.parametrize(("text", "told"), [("a EN", "a "), ("a END b", "a "), ("a ENT", "a ENT"), ("aEEN", "aE")])
def test_only_what_may_become_a_stop_text_is_held_back(text: str, told: str) -> None:
    assert StopTexts(["END"]).push(text) == told
