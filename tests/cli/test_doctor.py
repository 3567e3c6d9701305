import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.cli.render.doctor import show_checkup, show_rates
from luthier.domain.checkup import Check, Checkup, Verdict
from luthier.domain.errors import Action
from tests.builders import a_machine, a_moment, some_rates
from tests.cli.running import InThisProcess, in_this_process
from tests.cli.test_render import shown


@pytest.fixture
def luthier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as command:
        yield command


def a_checkup(*verdicts: Verdict) -> Checkup:
    checks = tuple(
        Check(
            code="memory",
            part="System",
            name=f"Memory {number}",
            verdict=verdict,
            found="7.9 GB",
            reason="" if verdict is Verdict.GOOD else "It is little.",
            actions=(Action(label="See what uses it", command="ps aux"), Action(label="Buy more")),
        )
        for number, verdict in enumerate(verdicts)
    )
    return Checkup(made_at=a_moment(), machine=a_machine(), rates=None, checks=checks)


def test_a_command_is_never_broken_so_that_it_can_be_copied() -> None:
    checkup = a_checkup(Verdict.WARNING)
    long = Action(label="Install it", command="pip install " + "a-package-with-a-name " * 8)
    checks = (checkup.checks[0].model_copy(update={"actions": (long,)}),)
    parts = list(show_checkup(checkup.model_copy(update={"checks": checks})))
    assert any(isinstance(part, str) and part.strip() == (long.command or "").strip() for part in parts)


def test_the_doctor_says_what_is_there_and_what_mends_it(luthier: InThisProcess) -> None:
    finished = luthier("doctor")
    assert finished.code in (0, 3)
    for heading in ("System", "GPU", "Training", "Workspace", "Optional parts"):
        assert f"\n{heading}\n" in finished.out
    assert "luthier doctor --measure" in finished.out


def test_as_json_it_is_one_document_with_every_point(luthier: InThisProcess) -> None:
    finished = luthier("doctor", "--json", "--refresh")
    document = finished.document
    assert document["machine"]["cores"] >= 1
    assert {check["verdict"] for check in document["checks"]} <= {"good", "note", "warning", "error"}
    errors = [check for check in document["checks"] if check["verdict"] == "error"]
    assert finished.code == (3 if errors else 0)


def test_a_workspace_that_cannot_be_opened_is_a_finding_and_needs_attention(
    luthier: InThisProcess, tmp_path: Path
) -> None:
    (tmp_path / "workspace").write_text("a file where the folder should be")
    finished = luthier("doctor", "--json")
    assert finished.code == 3
    failed = [check for check in json.loads(finished.out)["checks"] if check["code"] == "opening.failed"]
    assert failed and failed[0]["actions"]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_word_of_a_checkup_fits_the_terminal(width: int) -> None:
    text = shown(show_checkup(a_checkup(*Verdict)), width)
    assert max(len(line) for line in text.splitlines()) <= width
    for word in ("error", "warning", "note", "good", "little.", "ps aux", "Buy more."):
        assert word in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("verdicts", "sum_"),
    [
        ((Verdict.GOOD, Verdict.NOTE), "Ready (0 errors, 0 warnings, 1 note)"),
        ((Verdict.GOOD, Verdict.WARNING), "Ready, with warnings (0 errors, 1 warning, 0 notes)"),
        ((Verdict.ERROR, Verdict.ERROR), "Something will not work (2 errors, 0 warnings, 0 notes)"),
    ],
)
def test_a_checkup_ends_with_its_sum(verdicts: tuple[Verdict, ...], sum_: str) -> None:
    assert shown(show_checkup(a_checkup(*verdicts)), 100).rstrip().endswith(sum_)


def test_rates_are_shown_with_their_spread() -> None:
    text = shown(show_rates(some_rates()), 120)
    assert "Training the starter's shape with LoRA, rank 16, in bf16, 768 tokens a pass" in text
    assert "290 tokens/s" in text
    assert "261 to 304" in text or "261 to 305" in text
