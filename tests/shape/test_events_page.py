import re

from tests.shape.sources import ROOT, modules

PAGE = ROOT / "docs" / "reference" / "events.md"


def test_every_kind_of_event_stands_on_its_page_and_no_other() -> None:
    services = [module for module in modules() if module.name.startswith("luthier.services.")]
    emitted = {kind for module in services for kind in re.findall(r'"(run\.[a-z_]+)"', module.text)}
    documented = set(re.findall(r"^\| `(run\.[a-z_]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert emitted == documented


def test_nobody_waits_for_an_event_that_is_never_sent() -> None:
    documented = set(re.findall(r"`(run\.[a-z_]+)`", PAGE.read_text(encoding="utf-8")))
    faces = [module for module in modules() if module.name.startswith(("luthier.cli", "luthier.server"))]
    expected = {kind for module in faces for kind in re.findall(r'"(run\.[a-z_]+)"', module.text)}
    assert expected <= documented


def test_every_fact_that_an_event_carries_is_in_the_journal() -> None:
    facts = set(re.findall(r"fact `(\w+)`", PAGE.read_text(encoding="utf-8")))
    journal = (PAGE.parent / "journal.md").read_text(encoding="utf-8")
    assert facts and {fact for fact in facts if f"\n### {fact}\n" not in journal} == set()
