"""Pictures of a dataset's quality are drawn for every report, with or without labels, roles, reasons and tokens."""

import re

import pytest

from luthier.domain.quality import Histogram, LabelBalance, Part, QualityReport, ReasonCount, TokenProfile
from luthier.server.web.quality import QualityPictures
from luthier.server.web.rendering import render
from tests.builders.datasets import a_dataset
from tests.builders.moments import a_moment

LENGTHS = Histogram(edges=(0.0, 16.0, 32.0), counts=(3, 0))
FULL = {
    "roles": (Part(name="user", count=3), Part(name="assistant", count=3)),
    "reasons": (
        ReasonCount(code="text.injection", title="prompt injection", weight=0.3, advice="Look.", examples=1, rows=(2,)),
    ),
    "labels": LabelBalance(labels=(Part(name="<b>oak</b>", count=3),), distinct=1, evenness=0.0),
    "tokens": TokenProfile(
        base="starter",
        tokenizer_sha256="ab" * 32,
        lengths=LENGTHS,
        tokens=36,
        tokens_p50=12,
        tokens_p95=14,
        tokens_max=15,
        supervised_share=0.5,
        max_length=14,
        longer=1,
    ),
}


def a_report(**changes: object) -> QualityReport:
    values: dict[str, object] = {
        "dataset_id": "ds_1",
        "dataset_sha256": "ab" * 32,
        "dataset_name": "orders",
        "detectors": 1,
        "made_at": a_moment(),
        "against": None,
        "examples": 3,
        "score": 0.9,
        "doubted": 1,
        "reasons": (),
        "scores": Histogram(edges=(0.0, 0.5, 1.0), counts=(1, 2)),
        "characters": LENGTHS,
        "turns": (Part(name="2", count=3),),
        "roles": (),
        "scripts": (Part(name="Latin", count=3),),
        "languages": (Part(name="English", count=2), Part(name="in Latin letters", count=1)),
    }
    return QualityReport.model_validate(values | changes)


def drawn(report: QualityReport | None) -> str:
    return bytes(render(QualityPictures(dataset=a_dataset(name="orders"), report=report)).body).decode()


@pytest.mark.parametrize("changes", [{}, FULL, *({name: value} for name, value in FULL.items())])
def test_a_report_is_drawn_whole_whatever_it_holds(changes: dict[str, object]) -> None:
    page = drawn(a_report(**changes))
    assert not re.search(r"\bNone\b|Undefined|\{\{|style=|<script", page)
    assert ("under starter" in page) == ("tokens" in changes)
    assert ("prompt injection" in page) == ("reasons" in changes)
    assert "<b>oak" not in page


def test_a_bar_is_as_wide_as_its_share_and_has_its_figure_beside_it() -> None:
    page = drawn(a_report())
    assert re.findall(r'bar-fill" width="([\d.]+)"', page)[:2] == ["50.0", "100.0"]
    assert re.search(r'0\.0 – 0\.5</span>.*?<span class="figures">1</span>', page)


def test_before_the_first_scoring_the_page_says_what_it_is_for() -> None:
    assert "Not scored yet" in drawn(None)
