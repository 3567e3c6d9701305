"""The proof of a run: held-out examples answered by the base model and by the tuned one, nothing else changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.data.answers.written import written_answer
from luthier.data.method_needs import is_question
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Role
from luthier.domain.evaluations import AnswerSheet, JudgedPair, RawAnswer
from luthier.domain.jobs import Job, Sample
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.generate import answer_all
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import PairObjective
from luthier.engine.trained import Trained
from luthier.kit.clock import SystemClock

_SAMPLES = 3  # shown side by side; also all that is answered when nothing is scored


@dataclass(frozen=True)
class Question:
    row: int
    prompt: str  # what a person reads: the last thing that was asked
    expected: str
    ids: list[int]


def prove(job: Job, base: LoadedBase, trained: Trained, held_out: Sequence[Example], channel: Channel) -> AnswerSheet:
    """The losses are left open: the caller has measured them. Raises Interrupted when somebody wishes so."""
    clock = SystemClock()
    began = clock.monotonic()
    scored = job.evaluation.scorer not in ("off", "preference")
    wanted = job.evaluation.examples if scored else min(job.evaluation.examples, _SAMPLES)
    questions = questions_from(held_out, base.renderer, base.shape.context_length, wanted)

    def answers(who: str) -> list[str]:
        def on_progress(done: int, total: int) -> None:
            channel.obey()
            channel.progress(f"answering with the {who} model", done, total)

        prompts = [question.ids for question in questions]
        with products_in(job.settings):
            return answer_all(base.model, base.renderer, prompts, job.evaluation.max_new_tokens, on_progress)

    with trained.disabled():
        before = answers("base")
    after = answers("tuned")
    sheet = AnswerSheet(
        scorer=job.evaluation.scorer,
        base_loss=None,
        tuned_loss=None,
        answers=tuple(
            RawAnswer(row=question.row, prompt=question.prompt, expected=question.expected, base=old, tuned=new)
            for question, old, new in zip(questions, before, after, strict=True)
        ),
        seconds=clock.monotonic() - began,
    )
    for answer in sheet.answers[:_SAMPLES]:
        channel.say(Sample(prompt=answer.prompt, expected=answer.expected, base=answer.base, tuned=answer.tuned))
    return sheet


def judged_pairs(objective: PairObjective, trained: Trained, channel: Channel) -> tuple[JudgedPair, ...]:
    """Every held-out pair, judged by the base and by the tuned model."""
    with trained.disabled():
        base = objective.leanings(channel)
    tuned = objective.leanings(channel)
    return tuple(JudgedPair(row=row, base=ahead, tuned=tuned[row]) for row, ahead in base.items())


def questions_from(
    examples: Sequence[Example], renderer: Renderer, context: int, wanted: int, *, unanswered: bool = False
) -> list[Question]:
    """The first `wanted` examples that ask something and leave the model room to answer.

    With `unanswered` also those that hold no answer to compare with; nothing is expected of them.
    """
    questions: list[Question] = []
    for example in examples:
        if len(questions) == wanted:
            break
        question = _from_text(example, renderer) if example.text else _from_messages(example, renderer, unanswered)
        if question is not None and 0 < len(question.ids) < context:
            questions.append(question)
    return questions


def _from_messages(example: Example, renderer: Renderer, unanswered: bool) -> Question | None:
    """Everything before the last trained answer is the prompt."""
    places = [at for at, message in enumerate(example.messages) if message.role is Role.ASSISTANT and message.train]
    if unanswered and is_question(example):
        before, expected = example.messages, ""
    elif not places or places[-1] == 0:
        return None
    else:
        before, answer = example.messages[: places[-1]], example.messages[places[-1]]
        expected = written_answer(answer.content, answer.tool_calls)
    return Question(
        row=example.row, prompt=before[-1].content, expected=expected, ids=renderer.prompt_ids(before, example.tools)
    )


def _from_text(example: Example, renderer: Renderer) -> Question | None:
    """The first half of a text is the prompt, cut between two words; the rest is what one would hope to read."""
    cut = example.text.rfind(" ", 0, len(example.text) // 2 + 1)
    if cut <= 0:
        return None
    prompt = example.text[:cut]
    return Question(
        row=example.row, prompt=prompt, expected=example.text[cut:].strip(), ids=renderer.text_prompt_ids(prompt)
    )
