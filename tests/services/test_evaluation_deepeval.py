"""DeepEval words the questions, a judge on the other side of a network answers them; it runs for real where it is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.judge import judge_endpoint
from luthier.domain.guests import GuestMissing
from luthier.domain.suites import ScorerUnfit, SuiteInvalid
from luthier.services.folders import Folders
from luthier.settings import Settings
from tests.kit.loopback import Exchange, Loopback, loopback
from tests.services.test_evaluations import Make, make, pupils, quietly

__all__ = ["make", "pupils"]
_ENVIRONMENT = Path(__file__).parents[2] / ".venv-guests" / "deepeval"
_SUITE = """\
name: relevant
cases:
  - {prompt: "1 + 1?", scorers: [{deepeval: answer-relevancy}, contains: "2"]}
"""


@pytest.fixture
def deepeval(folders: Folders) -> None:
    if not _ENVIRONMENT.exists():
        pytest.skip("DeepEval is not installed in its environment: make guests")
    folders.guest("deepeval").parent.mkdir()
    folders.guest("deepeval").symlink_to(_ENVIRONMENT, target_is_directory=True)


@pytest.fixture
def judge() -> Iterator[Loopback]:
    """Holds an answer for relevant that says what something is; one that was not understood gets no JSON."""

    def script(exchange: Exchange) -> None:
        asked = json.loads(exchange.rfile.read(int(exchange.headers["Content-Length"])))["messages"][0]["content"]
        task = asked.rpartition("===== END OF EXAMPLE")[2] or asked
        if '"statements"' in asked and "verdict" not in asked:
            said = {"statements": ["It is 2." if "It is 2." in asked else "I do not know."]}
        elif '"verdicts"' in asked:
            said = {"verdicts": [{"verdict": "yes" if "It is 2." in task else "no", "reason": "it was asked"}]}
        else:
            said = {"reason": "It says what was asked."}
        exchange.answer(200, json.dumps({"choices": [{"message": {"content": json.dumps(said)}}]}).encode())

    with loopback(script) as server:
        yield server


@pytest.mark.slow
@pytest.mark.usefixtures("deepeval")
def test_a_metric_marks_both_answers_with_its_reason(make: Make, folders: Folders, judge: Loopback) -> None:
    folders.suites.mkdir(exist_ok=True)
    (folders.suites / "relevant.yaml").write_text(_SUITE)
    endpoint = judge_endpoint(Settings(judge_url=f"{judge.address}/v1", judge_model="judge-1"))
    evaluations = make(endpoint)
    done = evaluations.run_here("good", "relevant", quietly, against="poor")
    (outcome,) = evaluations.outcomes(done.evaluation_id)
    assert outcome.scores == {"deepeval": 1.0, "contains": 1.0}
    assert outcome.against_scores == {"deepeval": 0.0, "contains": 0.0}
    assert outcome.notes["deepeval"] == "It says what was asked."


def test_without_deepeval_the_sentence_says_how_to_install_it(make: Make, folders: Folders) -> None:
    folders.suites.mkdir(exist_ok=True)
    (folders.suites / "relevant.yaml").write_text(_SUITE)
    with pytest.raises(GuestMissing, match="deepeval is not installed") as error:
        make().run("good", "relevant", judge="judge")
    assert str(folders.guest("deepeval")) in str(error.value.problem.actions[0].command)


@pytest.mark.usefixtures("deepeval")
def test_a_metric_that_is_none_or_lacks_its_context_is_refused_before_anything_is_asked(
    make: Make, folders: Folders
) -> None:
    evaluations = make()
    (folders.suites / "wrong.yaml").write_text("cases: [{prompt: a, scorers: [{deepeval: beauty}]}]\n")
    (folders.suites / "bare.yaml").write_text("cases: [{id: one, prompt: a, scorers: [{deepeval: faithfulness}]}]\n")
    with pytest.raises(SuiteInvalid, match="no metric beauty; there are answer-relevancy"):
        evaluations.run("good", "wrong", judge="judge")
    with pytest.raises(ScorerUnfit, match="case one has none"):
        evaluations.run("good", "bare", judge="judge")
