"""How the answers to a few fixed prompts change while a run goes on."""

from luthier.kit.frozen import Frozen


class AnswerSpan(Frozen):
    """Measurements that follow each other and brought the same answer."""

    first_step: int  # 0 is the base model
    last_step: int
    text: str
    is_expected: bool  # word for word what the example says


class QuestionOverTime(Frozen):
    """`answers` are in the order of their steps; neighbours differ."""

    row: int  # of the held-out example
    prompt: str
    expected: str
    answers: tuple[AnswerSpan, ...]
