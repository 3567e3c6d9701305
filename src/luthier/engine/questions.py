"""The few prompts that stay the same through a run, so that one sees how the model's answers change."""

from collections.abc import Sequence

from luthier.domain.datasets import Example
from luthier.domain.jobs import Answered, Job
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.generate import answer_all
from luthier.engine.loading import LoadedBase
from luthier.engine.proof import questions_from


class Questions:
    """The first held-out examples that ask something. Answering is greedy and touches no randomness and no weight."""

    def __init__(self, job: Job, base: LoadedBase, held_out: Sequence[Example]) -> None:
        self._job = job
        self._base = base
        context, wanted = base.shape.context_length, job.evaluation.samples
        self._asked = questions_from(held_out, base.renderer, context, wanted, unanswered=job.method == "grpo")

    def answer(self, step: int, channel: Channel) -> None:
        """By the model as it stands. Raises Interrupted when somebody wishes so."""
        if not self._asked:
            return

        def on_progress(done: int, total: int) -> None:
            channel.obey()
            channel.progress("answering the samples", done, total)

        prompts = [question.ids for question in self._asked]
        with products_in(self._job.settings):
            texts = answer_all(
                self._base.model, self._base.renderer, prompts, self._job.evaluation.sample_tokens, on_progress
            )
        for question, text in zip(self._asked, texts, strict=True):
            channel.say(
                Answered(step=step, row=question.row, prompt=question.prompt, expected=question.expected, text=text)
            )
