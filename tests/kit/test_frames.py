"""A message arrives whole or not at all, whatever stands in it."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from luthier.kit.frames import read_frame, write_frame


@given(st.lists(st.binary()))
def test_messages_arrive_as_they_were_sent(messages: list[bytes]) -> None:
    pipe = BytesIO()
    for message in messages:
        write_frame(pipe, message[:3], message[3:])
    pipe.seek(0)
    assert [read_frame(pipe) for _ in messages] == messages
    assert read_frame(pipe) is None


@given(st.binary(min_size=1), st.data())
def test_one_that_was_cut_off_is_none(message: bytes, data: st.DataObject) -> None:
    pipe = BytesIO()
    write_frame(pipe, message)
    whole = pipe.getvalue()
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert read_frame(BytesIO(whole[:cut])) is None
