"""How good a merged version is: it answers the held-out questions that its sources were proved with, as they did."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from luthier.data.canonical import read_examples
from luthier.domain.chat import ChatMessage, ChatRequest, ChatTarget
from luthier.domain.datasets import Example, Role
from luthier.domain.evaluations import AnswerSheet, EvaluationReport, RawAnswer
from luthier.domain.jobs import Progress
from luthier.domain.runs import Run, RunNotFound
from luthier.domain.versions import Version
from luthier.evaluation import score
from luthier.kit.clock import Clock
from luthier.services.background import OnProgress
from luthier.services.chat import Chat
from luthier.services.folders import Folders
from luthier.services.runs import Runs

_SCORED = ("exact", "json")


class MergeProof:
    def __init__(self, chat: Chat, runs: Runs, folders: Folders, clock: Clock) -> None:
        self._chat = chat
        self._runs = runs
        self._folders = folders
        self._clock = clock

    def of(self, made: Version, sources: Sequence[Version], tell: OnProgress) -> EvaluationReport | None:
        """Against the base, as its answers were kept. None where no source was proved by scored answers, or where
        theirs were scored in different ways."""
        runs = [*self._known(sources)]
        scorers = {self._report(run).scorer for run in runs}
        if len(scorers) != 1 or scorers.isdisjoint(_SCORED):
            return None
        own = {"adapter_folder": made.adapter_folder} if made.kind == "adapter" else {}
        base_folder = made.base_folder if made.kind == "adapter" else made.adapter_folder
        target = ChatTarget(label=made.label, base_folder=base_folder, **own)
        begun = self._clock.monotonic()
        asked = [(run, example, kept) for run in runs for example, kept in self._questions(run)]
        answers = []
        for done, (run, example, kept) in enumerate(asked):
            tell(Progress(what="answering held-out questions", done=done, total=len(asked)))
            said = self._answer(target, example, run.plan.evaluation.max_new_tokens)
            answers.append(kept.model_copy(update={"row": done + 1, "tuned": said}))
        seconds = self._clock.monotonic() - begun
        sheet = AnswerSheet(
            scorer=scorers.pop(), base_loss=None, tuned_loss=None, answers=tuple(answers), seconds=seconds
        )
        return score(sheet)

    def _known(self, sources: Sequence[Version]) -> Iterator[Run]:
        for run_id in dict.fromkeys(source.run_id for source in sources):
            try:
                run = self._runs.get(run_id)
            except RunNotFound:
                continue
            if self._runs.evaluation(run_id) is not None and self._folders.run(run_id).held_out_file.is_file():
                yield run

    def _report(self, run: Run) -> EvaluationReport:
        report = self._runs.evaluation(run.run_id)
        assert report is not None, "only runs that have one are asked"
        return report

    def _questions(self, run: Run) -> Iterator[tuple[Example, RawAnswer]]:
        rows = {answer.row: answer for answer in self._report(run).answers}
        for example in read_examples(self._folders.run(run.run_id).held_out_file):
            answer = rows.get(example.row)
            if answer is not None and example.messages:
                yield example, RawAnswer.model_validate(answer.model_dump(exclude={"base_right", "tuned_right"}))

    def _answer(self, target: ChatTarget, example: Example, most_tokens: int) -> str:
        """Everything before the last trained answer is asked."""
        last = max(at for at, each in enumerate(example.messages) if each.role is Role.ASSISTANT and each.train)
        messages = tuple(
            ChatMessage(role=each.role.value, content=each.content, tool_calls=tuple(each.tool_calls), name=each.name)
            for each in example.messages[:last]
        )
        request = ChatRequest(
            target=target, messages=messages, max_new_tokens=most_tokens, tools=tuple(example.tools or ())
        )
        with closing(self._chat.stream(request)) as pieces:
            return "".join(piece.text for piece in pieces)
