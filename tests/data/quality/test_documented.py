"""The guide names every reason with its weight, and no other."""

import re

from luthier.data.quality.facts import reason_facts
from tests.shape.sources import ROOT

GUIDE = ROOT / "docs" / "guide" / "dataset-quality.md"


def test_the_guide_says_what_each_reason_weighs() -> None:
    rows = re.findall(r"^\| `([a-z._]+)` \| (\d+) % \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: int(weight) for code, weight in rows} == {
        code: round(100 * fact.weight) for code, fact in reason_facts().items()
    }


def test_the_example_of_the_guide_is_reckoned_rightly() -> None:
    facts = reason_facts()
    left = (1 - facts["personal"].weight) * (1 - facts["template.marker"].weight)
    assert f"= {left:.2f}" in GUIDE.read_text(encoding="utf-8")
