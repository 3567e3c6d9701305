"""A person tunes a model from the command line: watches, stops, resumes, interrupts, chats."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.models import a_model_folder
from tests.cli.running import Cli, Finished, interrupt, read_until

pytestmark = pytest.mark.slow

WOODS = ("oak", "ash", "elm", "maple", "spruce")
PROOF = "evaluation:\n  examples: 3\n  max_new_tokens: 8\n"
ENDLESS = ("--set", "max_steps=5000", "--set", "epochs=100", "--set", "checkpoint_every=2000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model and a few dozen examples."""
    folder = tmp_path_factory.mktemp("journey")
    a_model_folder(folder / "tiny")
    rows = [
        {"prompt": f"{row % 7} x {WOODS[row % 5]} {row}", "completion": json.dumps({WOODS[row % 5]: row % 7})}
        for row in range(40)
    ]
    (folder / "orders.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


@pytest.fixture
def cli(folder: Path, tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "workspace", folder)
    yield cli
    cli.close()


@pytest.fixture(scope="module")
def tuned(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cli, Finished]]:
    """A workspace in which one run has completed, and what `luthier train --json` said of it."""
    cli = Cli(tmp_path_factory.mktemp("tuned") / "workspace", folder)
    recipe = folder / "recipe.yaml"
    recipe.write_text("name: woods\nbase: tiny\ndata: orders.jsonl\nsettings:\n  max_steps: 6\n" + PROOF)
    yield cli, cli("train", "recipe.yaml", "--set", "checkpoint_every=3", "--json", timeout=280)
    cli.close()


def test_training_ends_with_a_result_for_scripts(tuned: tuple[Cli, Finished]) -> None:
    _, answer = tuned
    assert answer.code == 0, answer.err
    result = answer.document
    assert (result["state"], result["steps"], len(result["losses"])) == ("completed", 6, 6)
    assert result["tokens"] > 0
    assert result["tokens_per_second"] > 0
    assert result["peak_memory_bytes"] > 0
    for side in ("base", "tuned"):
        low, high = result["intervals"][side]
        assert 0 <= low <= result[f"{side}_exact_match"] <= high <= 1
    assert (Path(result["adapter_path"]) / "adapter_config.json").is_file()
    assert result["version"] == "woods@0.1.0"
    assert "Held-out loss before training" in answer.err


def test_a_completed_run_can_be_looked_at_from_every_side(tuned: tuple[Cli, Finished]) -> None:
    cli, answer = tuned
    result = answer.document
    assert [run["run_id"] for run in cli("runs", "list", "--json").document] == [result["run_id"]]
    shown = cli("runs", "show", "woods", "--json").document
    assert (shown["losses"], shown["preflight"]["findings"] is not None) == (result["losses"], True)
    assert all(words in cli("runs", "show", "woods", "--tokens").out for words in ("completed", "«", "woods@0.1.0"))
    points = cli("runs", "metrics", result["run_id"], "--name", "loss", "--after", "4", "--json").document
    assert [point["step"] for point in points] == [5, 6]
    assert cli("runs", "logs", "woods", "--json").document["lines"]
    assert cli("runs", "watch", "woods", "--json").document == result
    versions = cli("versions", "list", "--json").document
    assert [version["run_id"] for version in versions] == [result["run_id"]]
    assert cli("versions", "show", "woods").code == 0


def test_a_completed_run_cannot_be_stopped_and_says_so(tuned: tuple[Cli, Finished]) -> None:
    cli, _ = tuned
    answer = cli("runs", "stop", "woods")
    assert (answer.code, answer.out) == (1, "")
    assert "is completed" in answer.err


def test_chat_answers_once_and_beside_its_base(tuned: tuple[Cli, Finished]) -> None:
    cli, _ = tuned
    document = cli("chat", "woods", "--against", "tiny", "--prompt", "2 x oak", "--max-tokens", "4", "--json").document
    assert (document["target"], document["against"][0]["target"]) == ("woods@0.1.0", "tiny")
    assert 0 < document["tokens"] <= 4
    assert document["stop_reason"] in ("stop", "length")
    piped = cli("chat", "woods", "--max-tokens", "4", stdin="2 x oak\n")
    assert (piped.code, piped.out.rstrip("\n") != "") == (0, True)


def test_chat_with_nobody_says_who_could_be_asked(tuned: tuple[Cli, Finished]) -> None:
    cli, _ = tuned
    answer = cli("chat", "nobody", "--prompt", "hello")
    assert answer.code == 2
    assert "luthier versions list" in answer.err


def test_a_plan_says_why_before_anything_is_started(tuned: tuple[Cli, Finished]) -> None:
    cli, _ = tuned
    plan = cli("plans", "make", "--base", "tiny", "--data", "orders.jsonl", "--set", "epochs=2", "--json").document
    assert plan["settings"]["epochs"] == 2
    assert [decision["name"] for decision in plan["decisions"] if not decision["reason"]] == []
    assert plan["memory"]["low"] <= plan["memory"]["high"]


def test_a_run_in_the_background_is_watched_stopped_resumed_and_cancelled(cli: Cli) -> None:
    started = cli("train", "--base", "tiny", "--data", "orders.jsonl", *ENDLESS, "--detach")
    run_id = started.out.strip()
    assert (started.code, run_id.startswith("run_"), len(started.out.splitlines())) == (0, True, 1)

    watcher = cli.start("runs", "watch", run_id)
    read_until(watcher, "Training · step")
    interrupt(watcher)
    _, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, "Error: Interrupted" in err, "Traceback" in err) == (130, True, False)

    assert "is paused" in cli("runs", "pause", run_id[:20]).out  # the watcher's end has not stopped it before
    paused = cli("runs", "show", run_id, "--json").document
    assert max(checkpoint["step"] for checkpoint in paused["checkpoints"]) == paused["steps"]
    assert cli("runs", "watch", run_id).code == 3

    assert cli("runs", "resume", run_id, "--detach", "--json").document["state"] == "queued"
    assert "is cancelled" in cli("runs", "cancel", run_id).out
    assert cli("runs", "list", "--state", "cancelled", "--json").document[0]["run_id"] == run_id


def test_interrupting_once_parks_the_run_and_twice_leaves_it_to_itself(cli: Cli) -> None:
    process = cli.start("train", "--base", "tiny", "--data", "orders.jsonl", *ENDLESS)
    read_until(process, "Training · step")
    interrupt(process)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert "is paused at step" in out
    assert "luthier runs resume orders" in err

    process = cli.start("runs", "resume", "orders")
    read_until(process, "Starting the worker")
    interrupt(process)
    read_until(process, "Ctrl-C again")
    interrupt(process)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert "luthier runs watch orders" in err


@pytest.mark.parametrize("moment", [0.1, 0.5, 1.5])
def test_ctrl_c_at_any_moment_before_the_run_is_a_sentence(cli: Cli, moment: float) -> None:
    process = cli.start("plans", "make", "--base", "tiny", "--data", "orders.jsonl")
    time.sleep(moment)
    interrupt(process)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -signal.SIGINT), err  # the last: before Python itself was ready
    assert "luthier/" not in err, "a trace with our own files was shown"
