"""What was exported says the same as the tuned model, in llama.cpp itself and in plain transformers.

And what does not is caught: faults are planted in the files, one at a time.
"""

from pathlib import Path

import pytest

from luthier.domain.exports import ExportJob
from luthier.domain.parity import ParityReport, Reference
from luthier.engine.parity import measure_reference
from luthier.evaluation.parity import judge_elsewhere, judge_merged
from luthier.kit.files import read_json, write_json
from tests.builders.exports import an_adapter_folder, an_export_job
from tests.builders.models import FAMILIES, TURN_END, a_model_folder
from tests.engine.kinds import ADAPTERS
from tests.export.planting import changed_metadata, changed_tensor
from tests.export.proving import elsewhere, report_of, silently, written

EXPORTED = sorted(set(FAMILIES) - {"smollm3"})


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> ExportJob:
    return an_export_job(tmp_path_factory.mktemp("tuned"))


@pytest.fixture(scope="module")
def reference(job: ExportJob) -> Reference:
    return measure_reference(job, silently)


@pytest.mark.parametrize("family", EXPORTED)
def test_every_family_says_the_same_in_llama_cpp(tmp_path: Path, family: str) -> None:
    window = {"sliding_window": None} if family == "mistral" else {}  # llama.cpp has none for this family
    base = a_model_folder(tmp_path / "base", family=family, **window)
    assert_proven(report_of(an_export_job(tmp_path, base_folder=str(base)), tmp_path / "export"))


@pytest.mark.parametrize("kind", ["rslora", "dora", "vera", "ia3"])
def test_every_kind_of_adapter_says_the_same_in_llama_cpp(tmp_path: Path, kind: str) -> None:
    base = a_model_folder(tmp_path / "base", tie_word_embeddings=False)
    adapter = an_adapter_folder(base, tmp_path / "adapter", ADAPTERS[kind])
    job = an_export_job(tmp_path, base_folder=str(base), adapter_folder=str(adapter))
    assert_proven(report_of(job, tmp_path / "export"))


@pytest.mark.parametrize("form", ["hub", "merged", "gguf-adapter", "ollama", "lmstudio"])
def test_every_form_says_the_same(tmp_path: Path, job: ExportJob, reference: Reference, form: str) -> None:
    asked = job.model_copy(update={"request": job.request.model_copy(update={"form": form})})
    assert_proven(report_of(asked, tmp_path, reference))


def test_a_whole_model_says_the_same_without_an_adapter(tmp_path: Path) -> None:
    job = an_export_job(tmp_path, adapter_folder=None)
    reference = measure_reference(job, silently)
    assert judge_merged(reference) is None
    assert_proven(report_of(job, tmp_path / "export", reference))


def test_merged_weights_that_differ_from_the_adapter_are_caught(job: ExportJob, reference: Reference) -> None:
    assert judge_merged(reference) is not None and judge_merged(reference).passed  # type: ignore[union-attr]
    unmerged = measure_reference(job.model_copy(update={"adapter_folder": None}), silently)
    report = judge_merged(reference.model_copy(update={"merged": unmerged.tuned}))
    assert report is not None
    assert not report.passed


def test_a_planted_template_is_caught(tmp_path: Path, job: ExportJob, reference: Reference) -> None:
    report = planted(tmp_path, job, reference, "tokenizer.chat_template", lambda text: text.replace("\\n", " "))
    assert failed(report)[0] == "template"
    assert "character" in next(check.where for check in report.checks if not check.passed)


def test_a_stop_token_that_would_not_stop_is_caught(tmp_path: Path, job: ExportJob, reference: Reference) -> None:
    report = planted(
        tmp_path,
        job,
        reference,
        "tokenizer.ggml.tokens",
        lambda tokens: ["<|finished|>" if token == TURN_END else token for token in tokens],
        drop="eos_token_id",
    )
    assert "stop tokens" in failed(report)


def test_embeddings_that_came_apart_are_caught(tmp_path: Path, job: ExportJob, reference: Reference) -> None:
    made = written(job, tmp_path)
    changed_tensor(tmp_path / "files" / made.main, "token_embd.weight", lambda rows: rows[::-1])
    report = judge_elsewhere(reference, elsewhere(job, tmp_path, reference, made), job.request.quant)
    assert {"first token", "perplexity"} & set(failed(report))


def test_weights_without_the_adapter_are_caught(tmp_path: Path, job: ExportJob, reference: Reference) -> None:
    report = report_of(job.model_copy(update={"adapter_folder": None}), tmp_path, reference)
    assert {"first token", "next tokens"} & set(failed(report))


def test_a_hub_folder_that_forgets_where_answers_end_is_caught(
    tmp_path: Path, job: ExportJob, reference: Reference
) -> None:
    asked = job.model_copy(update={"request": job.request.model_copy(update={"form": "merged"})})
    made = written(asked, tmp_path)
    generation = tmp_path / "files" / "generation_config.json"
    write_json(generation, {**read_json(generation), "eos_token_id": 3})
    report = judge_elsewhere(reference, elsewhere(asked, tmp_path, reference, made), "exact")
    assert failed(report) == ["stop tokens"]


def planted(
    tmp_path: Path, job: ExportJob, reference: Reference, key: str, change: object, drop: str = ""
) -> ParityReport:
    made = written(job, tmp_path)
    changed_metadata(tmp_path / "files" / made.main, key, change, drop)  # type: ignore[arg-type]
    return judge_elsewhere(reference, elsewhere(job, tmp_path, reference, made), job.request.quant)


def failed(report: ParityReport) -> list[str]:
    return [check.what for check in report.checks if not check.passed]


def assert_proven(report: ParityReport) -> None:
    assert report.passed, [check for check in report.checks if not check.passed]
