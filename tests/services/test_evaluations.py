"""Evaluations ask every case once, of both models alike, and go on where a killed process ended."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from luthier.connectors.dataset_sources import DatasetSources
from luthier.data.canonical import write_examples
from luthier.domain.background import WorkState
from luthier.domain.chat import (
    ChatPiece,
    ChatRequest,
    ChatTarget,
    ChatWorkerLost,
    Embedding,
    EmbeddingRequest,
    Likelihood,
    LikelihoodRequest,
    TargetNotFound,
)
from luthier.domain.datasets import Example, Message, Role, ToolCall
from luthier.domain.evaluations import (
    Evaluation,
    EvaluationBusy,
    EvaluationDone,
    EvaluationNotFound,
    NoJudge,
    NothingToVoteOn,
)
from luthier.domain.jobs import Progress
from luthier.domain.suites import NothingHeldOut, ScorerUnfit, SuiteNotFound
from luthier.orchestration.guests.speaking import Guests
from luthier.services.blind_votes import BlindVotes, target_is_first
from luthier.services.datasets import Datasets
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.evaluation_harness import HarnessEvaluating
from luthier.services.evaluation_making import EvaluationMaking
from luthier.services.evaluations import Evaluations
from luthier.services.folders import Folders
from luthier.services.suites import Suites
from luthier.settings import Settings
from luthier.store import Store
from tests.builders import a_run, a_version
from tests.builders.exports import an_export
from tests.kit.clocks import PatientClock

SUMS = """\
name: sums
scorers: [contains]
cases:
  - {id: two, category: small, prompt: "1 + 1?", expected: "2"}
  - {id: four, category: small, prompt: "2 + 2?", expected: "4"}
  - {id: nine, category: large, prompt: "4 + 5?", expected: "9"}
"""


class Pupils:
    """Stand where the model process is: `good` adds, every other one says that it does not know."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.before_answer: Callable[[str], None] = lambda question: None

    def resolve(self, reference: str) -> ChatTarget:
        """An export is shown by another name than the one that finds it."""
        if " as " in reference:
            raise TargetNotFound(name=reference)
        label = "good as Q8_0" if reference.startswith("exp_") else reference.partition("@")[0]
        return ChatTarget(label=label, base_folder=f"/models/{reference}")

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        question = request.messages[-1].content
        self.before_answer(question)
        self.asked.append((request.target.label, question))
        yield ChatPiece(text=self._answer(request.target.label, question))
        yield ChatPiece(done=True)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        vectors = {"same": (1.0, 0.0), "other": (0.0, 1.0)}
        return tuple(Embedding(values=vectors.get(text, (0.6, 0.8)), tokens=1) for text in request.texts)

    def weigh(self, request: LikelihoodRequest) -> Likelihood:
        """`good` knows its sums, every other one thinks every text alike."""
        self.asked.append((request.target.label, request.context))
        total = request.context.partition("+")
        is_right = request.target.label == "good" and int(total[0]) + int(total[2].strip(" =")) == int(
            request.continuation
        )
        return Likelihood(logprob=0.0 if is_right else -9.0, tokens=1, is_likeliest=is_right)

    def _answer(self, who: str, question: str) -> str:
        if who == "judge":
            if "Answer A" not in question:
                return "5" if "It is" in question else "1"
            return "A" if "It is" in question.partition("Answer B")[0] else "B"
        if who == "coder":
            return f"Here it is:\n```python\n{question}\n```\nThat is all."
        if who != "good" or "?" not in question:
            return "I do not know."
        one, two = question.rstrip("?").split("+")
        return f"It is {int(one) + int(two)}."


@pytest.fixture
def pupils() -> Pupils:
    return Pupils()


Make = Callable[..., Evaluations]


@pytest.fixture
def make(store: Store, folders: Folders, pupils: Pupils) -> Iterator[Make]:
    made: list[Evaluations] = []

    def evaluations(endpoint: Any = None) -> Evaluations:
        clock = PatientClock()
        settings = Settings(home=folders.root, offline=True)
        suites = Suites(Datasets(store, folders, clock, DatasetSources(settings, clock)), folders)
        if not any(suite.name == "sums" for suite in suites.list()):
            suites.add(SUMS, "sums.yaml")
        guests = Guests(folders, offline=True)
        harness = HarnessEvaluating(guests, folders)
        making = EvaluationMaking(store, suites, pupils, endpoint, harness, DeepEvalScoring(guests, folders), clock)
        made.append(Evaluations(store, folders, making, clock))
        return made[-1]

    yield evaluations
    for each in made:
        each.close()


def quietly(progress: Progress) -> None: ...


def ended(evaluations: Evaluations, begun: Evaluation) -> Evaluation:
    deadline = time.monotonic() + 30
    while (now := evaluations.get(begun.evaluation_id)).state.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return now


def test_both_models_get_the_same_prompts_and_are_compared_case_by_case(make: Make, pupils: Pupils) -> None:
    evaluations = make()
    done = ended(evaluations, evaluations.run("good", "sums", against="poor"))
    assert (done.state, done.problem) == (WorkState.DONE, None)
    questions = ["1 + 1?", "2 + 2?", "4 + 5?"]
    assert pupils.asked == [("good", each) for each in questions] + [("poor", each) for each in questions]
    figure = done.headline
    assert figure is not None and figure.against is not None and figure.difference is not None
    assert (figure.target.value, figure.against.value, figure.difference.test) == (1.0, 0.0, "McNemar, exact")
    assert figure.difference.verdict == "open"  # three cases prove nothing
    assert [category.name for category in done.categories] == ["small", "large"]
    outcomes = evaluations.outcomes(done.evaluation_id)
    assert (outcomes[0].answer, outcomes[0].against) == ("It is 2.", "I do not know.")


def test_an_export_is_asked_by_what_finds_it_and_shown_by_what_it_is(make: Make, pupils: Pupils) -> None:
    evaluations = make()
    done = ended(evaluations, evaluations.run("exp_01", "sums", against="poor"))
    assert (done.state, done.problem, done.target, done.against) == (WorkState.DONE, None, "good as Q8_0", "poor")
    assert {who for who, _ in pupils.asked} == {"good as Q8_0", "poor"}


def test_what_was_answered_is_not_asked_again_when_it_goes_on(make: Make, pupils: Pupils) -> None:
    class Killed(BaseException): ...

    def die(question: str) -> None:
        if question == "4 + 5?":
            raise Killed

    pupils.before_answer = die
    with pytest.raises(Killed):
        make().run_here("good", "sums", quietly)
    (left,) = make().list()
    assert left.state is WorkState.UNFINISHED
    pupils.before_answer = lambda question: None
    done = make().run_here("good", "sums", quietly)
    assert done.evaluation_id == left.evaluation_id
    assert [question for _, question in pupils.asked] == ["1 + 1?", "2 + 2?", "4 + 5?"]


def test_a_killed_process_leaves_its_answers_to_the_next_one(make: Make, pupils: Pupils, folders: Folders) -> None:
    make()  # adds the suite
    program = Path(__file__).with_name("killed_evaluation.py")
    child = subprocess.Popen([sys.executable, str(program), str(folders.root)], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None and child.stdout.readline() == b"hangs\n"
        (running,) = make().list()
        assert running.state.is_open
        child.send_signal(signal.SIGKILL)
    evaluations = make()
    (left,) = evaluations.list()
    assert left.state is WorkState.UNFINISHED
    done = ended(evaluations, evaluations.begin_again(left.evaluation_id))
    assert (done.state, done.evaluation_id) == (WorkState.DONE, left.evaluation_id)
    assert pupils.asked == [("good", "4 + 5?")]
    answers = [outcome.answer for outcome in evaluations.outcomes(done.evaluation_id)]
    assert answers == ["from before", "from before", "It is 9."]


def test_a_process_that_was_killed_after_the_result_was_kept_leaves_one_evaluation(
    make: Make, pupils: Pupils, folders: Folders
) -> None:
    class Killed(BaseException): ...

    def die(question: str) -> None:
        raise Killed

    pupils.before_answer = die
    with pytest.raises(Killed):
        make().run_here("good", "sums", quietly)
    (folder,) = folders.evaluation_work.iterdir()
    before = folder.with_name("before")
    shutil.copytree(folder, before)
    pupils.before_answer = lambda question: None
    make().run_here("good", "sums", quietly)
    before.rename(folder)  # as it lay there when the process was killed
    evaluations = make()
    (done,) = evaluations.list()
    assert (done.state, evaluations.get(folder.name).state) == (WorkState.DONE, WorkState.DONE)
    assert evaluations.run_here("good", "sums", quietly).evaluation_id == folder.name
    assert len(pupils.asked) == 3


def test_what_was_answered_before_a_failure_is_not_asked_again(make: Make, pupils: Pupils) -> None:
    def fail(question: str) -> None:
        if question == "4 + 5?":
            raise ChatWorkerLost

    pupils.before_answer = fail
    evaluations = make()
    failed = ended(evaluations, evaluations.run("good", "sums"))
    assert failed.problem is not None
    assert (failed.state, failed.problem.code) == (WorkState.FAILED, "chat.worker_lost")
    with pytest.raises(ChatWorkerLost):
        evaluations.run_here("good", "sums", quietly)
    assert [question for _, question in pupils.asked] == ["1 + 1?", "2 + 2?"]
    pupils.before_answer = lambda question: None
    done = evaluations.begin_again_here(failed.evaluation_id, quietly)
    assert (done.state, done.evaluation_id) == (WorkState.DONE, failed.evaluation_id)
    with pytest.raises(EvaluationDone):
        evaluations.begin_again_here(done.evaluation_id, quietly)
    assert [question for _, question in pupils.asked] == ["1 + 1?", "2 + 2?", "4 + 5?"]


def test_one_that_is_called_off_ends_between_pieces_and_can_begin_again(make: Make, pupils: Pupils) -> None:
    evaluations = make()
    begun: list[Evaluation] = []

    def call_off(question: str) -> None:
        if question == "2 + 2?":
            evaluations.cancel(evaluations.list()[0].evaluation_id)

    pupils.before_answer = call_off
    begun.append(evaluations.run("good", "sums"))
    assert ended(evaluations, begun[0]).state is WorkState.CANCELLED
    assert len(pupils.asked) == 2
    pupils.before_answer = lambda question: None
    assert ended(evaluations, evaluations.begin_again(begun[0].evaluation_id)).state is WorkState.DONE
    with pytest.raises(EvaluationDone):
        evaluations.begin_again(begun[0].evaluation_id)
    evaluations.remove(begun[0].evaluation_id)
    with pytest.raises(EvaluationNotFound):
        evaluations.get(begun[0].evaluation_id)


def test_what_cannot_be_asked_is_refused_before_anything_is(make: Make, pupils: Pupils) -> None:
    evaluations = make()
    with pytest.raises(SuiteNotFound):
        evaluations.run("good", "nothing-of-that-name")
    with pytest.raises(NothingHeldOut):
        evaluations.run("good", "held-out")
    with pytest.raises(ScorerUnfit, match="compares two models"):
        evaluations.run("good", "sums", scorers=("pairwise",), judge="judge")
    with pytest.raises(NoJudge):
        evaluations.run("good", "sums", scorers=("pairwise",), against="poor")
    with pytest.raises(ScorerUnfit, match="takes a text"):
        evaluations.run("good", "sums", scorers=("regex",))
    assert pupils.asked == []


def test_a_judge_is_asked_in_both_orders_so_that_places_win_nothing(make: Make, pupils: Pupils) -> None:
    evaluations = make()
    done = evaluations.run_here("good", "sums", quietly, scorers=("pairwise",), judge="judge", against="poor")
    assert done.headline is not None
    assert done.headline.target.value == 1.0
    assert sum(who == "judge" for who, _ in pupils.asked) == 6
    same = evaluations.run_here("poor", "sums", quietly, scorers=("pairwise",), judge="judge", against="worse")
    assert same.headline is not None
    assert same.headline.target.value == 0.5  # the judge contradicts itself, which makes a tie


def test_an_endpoint_judges_where_no_model_is_named(make: Make, folders: Folders) -> None:
    told: list[str] = []

    def endpoint(messages: Any, most_tokens: int) -> str:
        told.append(messages[0].content)
        return "Mark: 3"

    folders.suites.mkdir(exist_ok=True)
    (folders.suites / "polite.yaml").write_text(
        "scorers: [{judge: 'is it polite?'}, embedding]\ncases: [{prompt: hello, expected: same}]\n"
    )
    done = make(endpoint).run_here("poor", "polite", quietly)
    assert {figure.name: figure.target.value for figure in done.figures} == pytest.approx(
        {"all scorers": 0.55, "judge": 0.5, "embedding": 0.6}
    )
    assert "is it polite?" in told[0]


def test_code_is_run_against_its_tests(make: Make, folders: Folders) -> None:
    folders.suites.mkdir(exist_ok=True)
    cases = "  - {prompt: '# 1 + 1?', scorers: [{code: 'assert 1 + 1 == 2'}]}\n"
    cases += "  - {prompt: '# 2?', scorers: [{code: 'assert 1 + 1 == 3, 1'}]}\n"
    (folders.suites / "code.yaml").write_text(f"cases:\n{cases}")
    evaluations = make()
    try:
        done = evaluations.run_here("coder", "code", quietly)
    except ScorerUnfit:
        pytest.skip("this system cannot keep a program away from files, and so runs none")
    good, bad = evaluations.outcomes(done.evaluation_id)
    assert (good.scores, bad.scores) == ({"code": 1.0}, {"code": 0.0})
    assert "AssertionError" in bad.notes["code"]


def test_the_examples_that_a_run_held_out_are_asked_with_scorers_that_fit(
    make: Make, store: Store, folders: Folders
) -> None:
    run, version = a_run(name="tuned", adapter_folder="/adapter"), a_version()
    export = an_export(version_id=version.version_id)
    with store.writing() as tx:
        tx.runs.add(run)
        tx.versions.add(version.model_copy(update={"run_id": run.run_id}))
        tx.exports.add(export)
    call = ToolCall("add", {"a": 1})
    rows = [
        Example(row=1, messages=(Message(Role.USER, "1 + 1?"), Message(Role.ASSISTANT, '{"sum": 2}'))),
        Example(row=2, messages=(Message(Role.USER, "add 1"), Message(Role.ASSISTANT, "", tool_calls=(call,)))),
        Example(row=3, messages=(Message(Role.USER, "hi?"), Message(Role.ASSISTANT, "Hello there."))),
    ]
    file = folders.run(run.run_id).held_out_file
    file.parent.mkdir(parents=True)
    write_examples(file, rows)
    done = make().run_here("orders", "held-out", quietly, against="starter")
    assert [figure.name for figure in done.figures] == ["all scorers", "json", "tool-call", "chrf", "rouge"]
    assert (done.target, done.suite) == ("orders@0.1.0", "held-out")
    assert make().run_here(export.export_id, None, quietly).suite == "held-out"


def test_a_vote_is_blind_and_counts_for_whom_it_was_meant(make: Make, store: Store) -> None:
    evaluations = make()
    votes = BlindVotes(store, evaluations)
    done = evaluations.run_here("good", "sums", quietly, against="poor")
    seen = 0
    while (pair := votes.next_pair(done.evaluation_id)) is not None:
        first = target_is_first(done.evaluation_id, pair.case_id)
        assert ("It is" in pair.first) == first
        assert (pair.voted, pair.pairs) == (seen, 3)
        votes.vote(done.evaluation_id, pair.case_id, "first" if first else "second")
        seen += 1
    result = votes.vote(done.evaluation_id, "two", "tie")  # in place of the vote before
    assert (result.target, result.against, result.ties) == (2, 0, 1)
    alone = evaluations.run_here("good", "sums", quietly)
    with pytest.raises(NothingToVoteOn):
        votes.next_pair(alone.evaluation_id)


def test_an_evaluation_that_is_being_made_can_be_neither_removed_nor_voted_on(
    make: Make, pupils: Pupils, store: Store
) -> None:
    evaluations = make()
    refused: list[type[Exception]] = []

    def try_it(question: str) -> None:
        open_one = evaluations.list()[0].evaluation_id
        for act in (evaluations.remove, BlindVotes(store, evaluations).result):
            try:
                act(open_one)
            except EvaluationBusy as error:
                refused.append(type(error))

    pupils.before_answer = try_it
    ended(evaluations, evaluations.run("good", "sums", against="poor", most_cases=1))
    assert refused == [EvaluationBusy] * 4


def test_the_order_of_two_answers_is_a_coin_and_stays_as_it_fell() -> None:
    heads = [target_is_first("eval_1", str(case)) for case in range(200)]
    assert 70 < sum(heads) < 130
    assert heads == [target_is_first("eval_1", str(case)) for case in range(200)]


def test_no_answer_is_lost_to_a_torn_last_line(make: Make, pupils: Pupils, folders: Folders) -> None:
    class Killed(BaseException): ...

    def die(question: str) -> None:
        if question == "4 + 5?":
            raise Killed

    pupils.before_answer = die
    with pytest.raises(Killed):
        make().run_here("good", "sums", quietly)
    (journal,) = Path(folders.evaluation_work).glob("*/answers.jsonl")
    with open(journal, "ab") as file:
        file.write(json.dumps({"seq": 3}).encode()[:5])
    pupils.before_answer = lambda question: None
    assert make().run_here("good", "sums", quietly).cases == 3
    assert [question for _, question in pupils.asked] == ["1 + 1?", "2 + 2?", "4 + 5?"]
