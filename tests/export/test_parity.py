"""What was exported says the same as the tuned model, in llama.cpp itself and in plain transformers."""

from pathlib import Path

import pytest

from luthier.domain.parity import ParityReport
from tests.builders.exports import an_export_job
from tests.builders.models import FAMILIES, a_model_folder
from tests.export.proving import report_of

EXPORTED = sorted(set(FAMILIES) - {"smollm3"})


@pytest.mark.parametrize("family", EXPORTED)
def test_every_family_says_the_same_in_llama_cpp(tmp_path: Path, family: str) -> None:
    window = {"sliding_window": None} if family == "mistral" else {}  # llama.cpp has none for this family
    base = a_model_folder(tmp_path / "base", family=family, **window)
    assert_proven(report_of(an_export_job(tmp_path, base_folder=str(base)), tmp_path / "export"))


def assert_proven(report: ParityReport) -> None:
    assert report.passed, [check for check in report.checks if not check.passed]
