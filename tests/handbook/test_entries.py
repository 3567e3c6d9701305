import re

import pytest

from luthier.domain.help import HelpNotFound
from luthier.handbook.documents import documents
from luthier.handbook.entries import actions, term_called, terms, tips, topic_of, topics
from luthier.handbook.pages import address_in_guide
from luthier.server.web.frame import PLACES
from luthier.services.help import Help
from tests.server.web.places import whole_pages


def test_the_glossary_is_large_enough_to_be_asked() -> None:
    assert len(terms()) >= 90


@pytest.mark.parametrize("entry", [*terms().values(), *tips().values(), *topics().values()], ids=str)
def test_an_explanation_is_a_few_whole_sentences(entry: object) -> None:
    says: str = entry.says  # type: ignore[attr-defined]
    assert says[0].isupper() or says[0].isdigit() or says.startswith("bf16")
    assert says.endswith((".", ")")) and 10 <= len(says) <= 320, says


def test_every_guide_that_an_entry_names_is_there_with_its_section() -> None:
    guides = {each.guide for each in (*terms().values(), *tips().values()) if each.guide}
    guides |= {guide for topic in topics().values() for guide in topic.guides}
    for guide in guides:
        address, _, anchor = address_in_guide(guide).partition("#")
        page = documents()[address.removeprefix("/help/")]
        assert not anchor or anchor in {section.anchor for section in page.sections}, guide


def test_every_word_that_a_topic_names_is_in_the_glossary() -> None:
    assert [key for topic in topics().values() for key in topic.terms if key not in terms()] == []


def test_no_two_terms_go_by_the_same_name() -> None:
    names = [name.casefold() for term in terms().values() for name in {term.term, *term.also}]
    assert sorted(names) == sorted(set(names))


def test_a_term_is_found_by_every_name_that_it_has() -> None:
    for term in terms().values():
        for name in (term.key, term.term, term.term.upper(), *term.also):
            assert term_called(name) == term


def test_a_word_that_is_nearly_right_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(HelpNotFound) as refused:
        Help().term("lorra")
    assert "did you mean LoRA" in refused.value.problem.sentence


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/runs", "Runs"),
        ("/runs/run_01", "A run"),
        ("/runs/compare", "Runs side by side"),
        ("/datasets/ds_1/quality", "Quality of a dataset"),
        ("/datasets/orders@1/derive/split", "Make a dataset out of another"),
        ("/help/guide/training", "The handbook"),
        ("/train/draft_1", "The wizard"),
        ("/train/draft_1/settings", "How it will learn"),
        ("/presets/import", "Bring in a preset"),
        ("/presets/clerk@2", "A preset"),
        ("/evaluations/eval_1", "An evaluation"),
        ("/evaluations/eval_1/vote", "Blind vote"),
        ("/evaluations/suites/refusal", "A suite"),
        ("/versions/compare", "Versions side by side"),
        ("/merges/merge_1", "A merge"),
    ],
)
def test_the_topic_that_says_most_about_a_page_is_taken(path: str, title: str) -> None:
    topic = topic_of(path)
    assert topic and topic.title == title


def test_a_page_nobody_knows_has_no_topic() -> None:
    assert topic_of("/nothing/here") is None


def test_every_page_says_what_it_is_for() -> None:
    pages = {*whole_pages(), *(place.path for place in PLACES)} - {"/-/patterns"}
    assert [page for page in pages if topic_of(page) is None] == []


def test_what_the_palette_offers_leads_to_pages() -> None:
    known = set(whole_pages())
    addresses = {re.split(r"[?#]", action.address)[0] for action in actions()}
    assert addresses <= known
    assert {topic.path for topic in topics().values() if topic.is_one_page} <= known
