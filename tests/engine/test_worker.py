from pathlib import Path

from luthier.domain.jobs import Failed, Job, PreflightDone
from luthier.engine.worker import problem_of
from luthier.kit.files import read_json
from tests.builders.jobs import a_run_folder
from tests.builders.models import a_model_folder
from tests.engine.workers import Workers, facts_of


def failure(folder: Path, workers: Workers) -> Failed:
    assert workers.run(folder) == 1
    failed = facts_of(folder)[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.actions
    return failed


def test_a_base_without_weights_is_a_sentence_and_not_a_trace(tmp_path: Path, workers: Workers) -> None:
    base = a_model_folder(tmp_path / "base")
    (base / "model.safetensors").unlink()
    failed = failure(a_run_folder(tmp_path / "run", base), workers)
    assert failed.problem.code == "models.damaged"
    assert "Traceback" not in failed.problem.sentence


def test_a_base_that_is_cut_off_is_a_sentence_and_not_a_trace(tmp_path: Path, workers: Workers) -> None:
    base = a_model_folder(tmp_path / "base")
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert failure(a_run_folder(tmp_path / "run", base), workers).problem.code == "models.damaged"


def test_an_answer_that_never_ends_stops_the_run_before_its_first_step(tmp_path: Path, workers: Workers) -> None:
    base = a_model_folder(tmp_path / "base")
    config = base / "tokenizer_config.json"
    config.write_text(config.read_text().replace("['content'] + '<|im_end|>'", "['content']"))
    folder = a_run_folder(tmp_path / "run", base)
    failed = failure(folder, workers)
    assert failed.problem.code.startswith("preflight.")
    report = read_json(folder / "report" / "preflight.json")
    assert failed.problem.code in {finding["code"] for finding in report["findings"]}
    assert "<html" in (folder / "report" / "preflight.html").read_text()
    facts = facts_of(folder)
    assert any(isinstance(fact, PreflightDone) and fact.errors for fact in facts)
    assert not any(fact.kind == "step" for fact in facts)


def test_a_job_that_cannot_be_read_ends_the_worker_without_a_fact(tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tmp_path)
    (folder / "attempts" / "001" / "job.json").write_text("{")
    assert workers.run(folder) not in (0, None)


def test_too_little_memory_says_so_and_what_to_halve(tiny_base: Path, tmp_path: Path) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, micro_batch_tokens=512)
    job = Job.model_validate(read_json(folder / "attempts" / "001" / "job.json"))
    words = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
    problem = problem_of(RuntimeError(words), job, "training")
    assert problem.code == "runs.short_of_memory"
    assert any("micro_batch_tokens=256" in (action.command or "") for action in problem.actions)
    assert problem_of(RuntimeError("a defect"), job, "training").code == "internal.unexpected"
