"""Every kind of anomaly has its words, and every remedy that is named anywhere exists and can be chosen."""

import re
from pathlib import Path

import pytest

from luthier.domain.health import AnomalyKind, RemedyName
from luthier.health.detectors import DETECTORS
from luthier.health.limits import anomaly_facts

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "health.md"
NOT_OF_A_STEP = {AnomalyKind.OUT_OF_MEMORY, AnomalyKind.STALL, AnomalyKind.HELD_OUT_NOT_FINITE}


def test_every_kind_has_a_detector_or_is_seen_elsewhere_than_in_a_step() -> None:
    assert set(DETECTORS) | NOT_OF_A_STEP == set(AnomalyKind)


@pytest.mark.parametrize("kind", AnomalyKind)
def test_every_kind_has_a_sentence_causes_and_two_or_more_things_to_do(kind: AnomalyKind) -> None:
    facts = anomaly_facts().kinds[kind]
    assert facts.sentence and len(facts.causes) >= 2
    assert len(facts.offers) + len(facts.advice) >= (1 if kind is AnomalyKind.STALL else 2)
    assert facts.stops == bool(facts.automatic), "what stops a run has a way on, and only that"


def test_every_remedy_has_a_label_and_a_meaning() -> None:
    assert set(anomaly_facts().remedies) == set(RemedyName)


def test_every_limit_says_where_it_comes_from() -> None:
    detectors = anomaly_facts().detectors
    for name in type(detectors).model_fields:
        assert len(getattr(detectors, name).source) > 20, name


def test_the_guide_names_every_kind_and_every_remedy() -> None:
    named = set(re.findall(r"`([a-z_]+)`", GUIDE.read_text("utf-8")))
    assert {*map(str, AnomalyKind), *map(str, RemedyName)} - named == set()
