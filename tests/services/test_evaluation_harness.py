"""lm-evaluation-harness decides what is asked and scored, our models answer; it runs for real where it is installed."""

import sys
from pathlib import Path

import pytest

from luthier.domain.background import WorkState
from luthier.domain.chat import ChatWorkerLost
from luthier.domain.guests import GuestBroke, GuestMissing, GuestRefused
from luthier.domain.suites import ScorerUnfit
from luthier.services.folders import Folders
from tests.builders.harness_tasks import harness_tasks
from tests.services.test_evaluations import Make, Pupils, make, pupils, quietly

__all__ = ["make", "pupils"]
_ENVIRONMENT = Path(__file__).parents[2] / ".venv-guests" / "lm-eval"


@pytest.fixture
def harness(folders: Folders) -> None:
    if not _ENVIRONMENT.exists():
        pytest.skip("lm-evaluation-harness is not installed in its environment: make guests")
    folders.guest("lm-eval").parent.mkdir()
    folders.guest("lm-eval").symlink_to(_ENVIRONMENT, target_is_directory=True)
    folders.logs.mkdir(exist_ok=True)
    harness_tasks(folders.own_tasks)


def test_without_the_harness_the_sentence_says_how_to_install_it(make: Make, folders: Folders) -> None:
    with pytest.raises(GuestMissing) as error:
        make().run("good", "lm-eval:hellaswag")
    (install,) = error.value.problem.actions
    folder = folders.guest("lm-eval")
    assert install.command == f"python3 -m venv {folder} && {folder}/bin/python -m pip install 'lm-eval>=0.4.9'"


def test_a_harness_that_cannot_begin_is_told_with_the_end_of_its_log(make: Make, folders: Folders) -> None:
    packages = folders.guest("lm-eval") / "lib" / "python3.x" / "site-packages" / "lm_eval"
    packages.mkdir(parents=True)  # of another Python, so that its own finds nothing there
    (folders.guest("lm-eval") / "bin").mkdir()
    (folders.guest("lm-eval") / "bin" / "python").symlink_to(sys.executable)
    with pytest.raises(GuestBroke, match="exit code 1") as error:
        make().run_here("good", "lm-eval:hellaswag", quietly)
    assert "No module named 'lm_eval'" in error.value.problem.details


@pytest.mark.slow
@pytest.mark.usefixtures("harness")
def test_choices_are_weighed_by_both_models_and_compared_case_by_case(make: Make) -> None:
    evaluations = make()
    done = evaluations.run_here("good", "lm-eval:luthier_sums", quietly, against="poor")
    assert (done.state, done.cases, done.suite) == (WorkState.DONE, 3, "lm-eval:luthier_sums")
    figure = done.headline
    assert figure is not None and figure.against is not None and figure.difference is not None
    assert (figure.name, figure.target.value) == ("acc", 1.0)
    assert figure.against.value == pytest.approx(1 / 3)  # whoever finds all alike takes the first
    assert figure.difference.test == "McNemar, exact"
    second = evaluations.outcomes(done.evaluation_id)[1]
    assert (second.question, second.expected, second.answer, second.against) == ("2 + 2 =", "4", "4", "2")


@pytest.mark.slow
@pytest.mark.usefixtures("harness")
def test_texts_are_written_and_what_was_answered_before_a_failure_is_kept(make: Make, pupils: Pupils) -> None:
    def fail(question: str) -> None:
        if question == "4 + 5?":
            raise ChatWorkerLost

    pupils.before_answer = fail
    with pytest.raises(ChatWorkerLost):
        make().run_here("good", "lm-eval-chat:luthier_written", quietly)
    pupils.before_answer = lambda question: None
    done = make().run_here("good", "lm-eval-chat:luthier_written", quietly)
    assert {figure.name: figure.target.value for figure in done.figures} == {"exact_match": 1.0}
    assert [question for _, question in pupils.asked] == ["1 + 1?", "2 + 2?", "4 + 5?"]
    assert make().outcomes(done.evaluation_id)[2].question == "4 + 5?"


@pytest.mark.slow
@pytest.mark.usefixtures("harness")
def test_a_task_that_is_not_there_is_refused_with_what_is_near(make: Make, pupils: Pupils) -> None:
    with pytest.raises(GuestRefused, match=r"no task luthier_sum; near it are .*luthier_sums"):
        make().run_here("good", "lm-eval:luthier_sum", quietly)
    with pytest.raises(ScorerUnfit, match="scored as its task says"):
        make().run("good", "lm-eval:luthier_sums", scorers=("exact",))
    assert pupils.asked == []
