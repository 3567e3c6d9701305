"""What is made from datasets is new, repeatable, traced to its first rows, and leaves nothing behind when it fails."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.datasets import DatasetNameWrong, Origin
from luthier.domain.derivations import (
    Augment,
    Balance,
    Dedupe,
    DerivationLeavesNothing,
    DerivationNotUnderstood,
    Filter,
    Mix,
    MixOfTextAndTurns,
    MixTooLarge,
    NameUnknown,
    NoCategories,
    Paraphrase,
    Redact,
    Repair,
    Split,
    SplitImpossible,
    TooManyCategories,
    request_from,
)
from luthier.domain.jobs import Progress
from luthier.domain.quality import QualityReasonUnknown
from luthier.services.folders import Folders
from luthier.store import Store, open_store
from tests.builders.models import a_model_folder
from tests.services.benches import QUESTIONS, Bench


@pytest.fixture
def bench(store: Store, folders: Folders) -> Iterator[Bench]:
    folders.models.mkdir()
    yield Bench(store, folders)


def test_a_split_is_two_datasets_that_share_no_row_and_lack_none(bench: Bench) -> None:
    orders = bench.orders()
    train, held_out = bench.derive("orders", Split(shares={"held-out": 0.3}, seed=5))
    assert [dataset.label for dataset in (train, held_out)] == ["orders-train@1", "orders-held-out@1"]
    assert (train.examples, held_out.examples) == (7, 3)
    origins = [*bench.origins(train), *bench.origins(held_out)]
    assert sorted(origin.row for origin in origins if origin) == list(range(1, 11))
    assert {origin.dataset_id for origin in origins if origin} == {orders.dataset_id}
    assert [row["row"] for row in bench.rows(held_out)] == [1, 2, 3]


def test_the_same_request_again_is_the_same_dataset_and_no_new_version(bench: Bench) -> None:
    bench.orders()
    first = bench.derive("orders", Split(shares={"held-out": 0.3}))
    again = bench.derive("orders", Split(shares={"held-out": 0.3}))
    assert [dataset.label for dataset in first] == [dataset.label for dataset in again]
    assert [dataset.sha256 for dataset in first] == [dataset.sha256 for dataset in again]


def test_nearly_equal_questions_stay_on_one_side(bench: Bench) -> None:
    stem = "I would like to know, dear workshop, if you could send me by post, well packed, a set of strings for my"
    bench.imported("near", [(f"{stem} viola number {at}", f"a{at}") for at in range(9)] + [(QUESTIONS[0], "b")])
    train, held_out = bench.derive("near", Split(shares={"held-out": 0.5}))
    assert (train.examples, held_out.examples) in [(9, 1)]
    with pytest.raises(SplitImpossible, match="10 examples ask 2 different questions"):
        bench.derive("near", Split(shares={"held-out": 0.05, "test": 0.05}))


def test_a_mix_has_the_weights_that_were_asked_for(bench: Bench) -> None:
    bench.orders()
    bench.imported("chats", [(f"hello {at}", "hi") for at in range(30)])
    (mix,) = bench.derive(["orders", "chats"], Mix(weights=(1, 3)))
    assert (mix.label, mix.examples, mix.source) == ("orders-mix@1", 40, "orders@1, chats@1")
    whose = [origin.dataset_id for origin in bench.origins(mix) if origin]
    assert [whose[at : at + 4].count(bench.datasets.get("orders").dataset_id) for at in (0, 16, 36)] == [1, 1, 1]
    with pytest.raises(MixTooLarge, match="15 examples of orders@1, which has 10"):
        bench.derive(["orders", "chats"], Mix(weights=(1, 3), size=60))
    (larger,) = bench.derive(["orders", "chats"], Mix(weights=(1, 3), size=60, repeat=True), name="large")
    assert (larger.label, larger.examples) == ("large@1", 60)


def test_text_and_conversations_are_not_mixed(bench: Bench) -> None:
    bench.orders()
    bench.datasets.import_file("sample:workshop-notes")
    with pytest.raises(MixOfTextAndTurns):
        bench.derive(["orders", "workshop-notes"], Mix(weights=(1, 1)))
    with pytest.raises(DerivationNotUnderstood, match="2 datasets and 3 weights"):
        bench.derive(["orders", "orders"], Mix(weights=(1, 1, 1)))


def test_repeats_go_and_the_first_stays(bench: Bench) -> None:
    bench.imported("orders", [("a", "1"), ("b", "2"), ("a", "1"), ("A ", "3")])
    (clean,) = bench.derive("orders", Dedupe())
    assert (clean.label, [origin.row for origin in bench.origins(clean) if origin]) == ("orders@2", [1, 2, 4])
    assert clean.made_by is not None and clean.made_by.counts == {"repeated, left out": 1}
    (fewer,) = bench.derive("orders", Dedupe(by="question"))
    assert [origin.row for origin in bench.origins(fewer) if origin] == [1, 2]


def test_when_nothing_has_to_change_the_dataset_itself_comes_back(bench: Bench) -> None:
    orders = bench.orders()
    for request in (Dedupe(), Repair(), Redact(), Filter(lacking="nowhere")):
        assert bench.derive("orders", request) == (orders,)
    (named,) = bench.derive("orders", Repair(), name="orders-clean")
    assert (named.label, named.dataset_id) == ("orders-clean@1", orders.dataset_id)
    assert bench.left_behind() == set()


def test_a_filter_keeps_what_meets_every_condition(bench: Bench) -> None:
    bench.imported("orders", [("two Pegs", "yes"), ("two pegs and glue", "yes"), ("glue", "no")])
    (kept,) = bench.derive("orders", Filter(containing="pegs", lacking="GLUE"))
    assert [origin.row for origin in bench.origins(kept) if origin] == [1]
    with pytest.raises(DerivationLeavesNothing, match="orders@1"):
        bench.derive("orders@1", Filter(containing="nowhere"))
    assert bench.left_behind() == set()


def test_a_filter_by_quality_leaves_out_what_has_the_fault(bench: Bench) -> None:
    bench.imported(
        "orders", [(question, "a sound answer to it") for question in QUESTIONS] + [("Mail?", "Write to ada@lute.org")]
    )
    (kept,) = bench.derive("orders", Filter(without=("personal",), min_score=0.1))
    assert [origin.row for origin in bench.origins(kept) if origin] == list(range(1, 11))
    with pytest.raises(QualityReasonUnknown):
        bench.derive("orders", Filter(without=("ugly",)))


def test_origins_and_changes_survive_a_chain(bench: Bench) -> None:
    first = bench.imported("orders", [("a", "1"), ("a", "1"), (" I am ada@lute.org\u200b", "Hello ada@lute.org")])
    bench.derive("orders", Dedupe())
    bench.derive("orders", Repair())
    (last,) = bench.derive("orders", Redact())
    assert last.label == "orders@4"
    assert bench.origins(last) == [Origin(first.dataset_id, 1), Origin(first.dataset_id, 3, ("repair", "redact"))]
    assert bench.rows(last)[1]["messages"][0]["content"] == "I am [EMAIL_1]"
    lineage = bench.derivations.lineage("orders")
    chain = []
    node = lineage
    while node.parents:
        chain.append((node.label, node.made_by.what if node.made_by else None))
        (node,) = node.parents
    assert chain == [("orders@4", "redact"), ("orders@3", "repair"), ("orders@2", "dedupe")]
    assert (node.label, node.source) == ("orders@1", first.source)


def test_a_difference_between_versions_shows_what_was_done(bench: Bench) -> None:
    bench.imported("orders", [("a", "1"), ("a", "1"), ("ada@lute.org", "ok")])
    bench.derive("orders", Dedupe())
    bench.derive("orders", Redact())
    diff = bench.derivations.diff("orders@1", "orders")
    assert (diff.unchanged, diff.changed, diff.removed, diff.added) == (1, 1, 1, 0)
    changed, removed = diff.shown
    assert changed.before is not None and changed.before["messages"][0]["content"] == "ada@lute.org"
    assert changed.after is not None and changed.after["messages"][0]["content"] == "[EMAIL_1]"
    assert removed.before is not None and removed.after is None


def test_balancing_takes_every_category_equally_often(bench: Bench) -> None:
    bench.imported("orders", [(question, "yes" if at else "no") for at, question in enumerate(QUESTIONS)])
    (even,) = bench.derive("orders", Balance(to="largest"))
    assert (even.examples, even.label) == (18, "orders@2")
    assert even.made_by is not None and even.made_by.counts == {"taken more than once": 8}


def test_balancing_by_category_goes_by_what_rows_are_filed_under(bench: Bench, tmp_path: Path) -> None:
    topics = ["woods", "glue", "woods", "woods", "glue", "woods"]
    rows = [{"prompt": f"q {at}", "completion": f"a {at}", "topic": topic} for at, topic in enumerate(topics)]
    (tmp_path / "filed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    bench.datasets.import_file(str(tmp_path / "filed.jsonl"), columns={"category": "topic"})
    (even,) = bench.derive("filed", Balance(by="category"))
    assert Counter(row["category"] for row in bench.rows(even)) == {"woods": 2, "glue": 2}
    bench.orders()
    with pytest.raises(NoCategories, match="No example of orders@1"):
        bench.derive("orders", Balance(by="category"))


def test_answers_that_are_all_different_cannot_be_balanced(bench: Bench) -> None:
    bench.imported("orders", [(f"q {at}", f"a {at}") for at in range(1001)])
    with pytest.raises(TooManyCategories, match="more than 1000"):
        bench.derive("orders", Balance())


def test_augmented_rows_follow_the_rows_they_come_from(bench: Bench) -> None:
    first = bench.imported("orders", [("Where is Ada?", "Ada is in Rome."), ("no names", "none")])
    (more,) = bench.derive("orders", Augment(lists=("given-names", "cities"), copies=2))
    assert [origin.row for origin in bench.origins(more) if origin] == [1, 1, 1, 2]
    assert bench.origins(more)[1] == Origin(first.dataset_id, 1, ("augment",))
    assert more.made_by is not None and sum(more.made_by.counts.values()) == 4
    with pytest.raises(NameUnknown):
        bench.derive("orders", Augment(lists=("planets",)))


def test_a_paraphrase_is_kept_only_when_it_says_the_same_differently(bench: Bench, tmp_path: Path) -> None:
    model = str(a_model_folder(tmp_path / "tiny"))
    bench.imported("orders", [("Send 12 pegs to me", "ok"), ("Send 3 pegs to me", "ok"), ("Is it dry?", "yes")])
    bench.speaker.say = lambda question: question.replace("3", "4") if "3" in question else f"Please: {question}"
    (more,) = bench.derive("orders", Paraphrase(model=model, temperature=0.5))
    asked = [row["messages"][0]["content"] for row in bench.rows(more)]
    assert asked == [
        "Send 12 pegs to me",
        "Please: Send 12 pegs to me",
        "Send 3 pegs to me",
        "Is it dry?",
        "Please: Is it dry?",
    ]
    assert more.made_by is not None
    assert more.made_by.counts == {"added as copies": 2, "copies not added, because a number was changed": 1}
    assert {request.temperature for request in bench.speaker.asked} == {0.5}
    assert len({request.seed for request in bench.speaker.asked}) == 3


def test_cancelling_ends_the_answer_and_leaves_nothing_behind(bench: Bench, tmp_path: Path) -> None:
    model = str(a_model_folder(tmp_path / "tiny"))
    bench.orders()

    def give_up(question: str) -> str:
        if len(bench.speaker.asked) == 3:
            raise KeyboardInterrupt
        return f"Please: {question}"

    bench.speaker.say = give_up
    with pytest.raises(KeyboardInterrupt):
        bench.derive("orders", Paraphrase(model=model))
    assert bench.speaker.open == 0
    assert [dataset.label for dataset in bench.datasets.list()] == ["orders@1"]
    assert bench.left_behind() == set()


def test_whoever_watches_can_end_the_work(bench: Bench) -> None:
    bench.orders()

    def stop(progress: Progress) -> None:
        if progress.what == "writing examples":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.derive("orders", Split(), on_progress=stop)
    assert (bench.left_behind(), len(bench.datasets.list())) == (set(), 1)


REQUESTS = (
    Split(shares={"held-out": 0.3}),
    Mix(weights=(1, 1)),
    Dedupe(by="question"),
    Filter(lacking="ada"),
    Repair(),
    Redact(),
    Balance(to="largest"),
    Augment(words=(("oak", "elm"),)),
)


def mixed_rows() -> list[tuple[str, str]]:
    rows = [(f"{question} oak", "yes") for question in QUESTIONS]
    return [*rows, rows[0], ("ada@lute.org \u200b oak", "no")]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: str(request.what))
def test_every_row_knows_the_imported_row_it_comes_from_and_another_workspace_makes_the_same(
    bench: Bench, request_: Any, tmp_path: Path
) -> None:
    other = open_store(tmp_path / "other.db")
    folders = Folders(tmp_path / "other")
    folders.models.mkdir(parents=True)
    hashes = []
    for place in (bench, Bench(other, folders)):
        first = place.imported("orders", mixed_rows())
        rows = {row["row"]: row for row in place.rows(first)}
        references = ["orders", "orders"] if isinstance(request_, Mix) else ["orders"]
        made = place.derive(references, request_)
        hashes.append([dataset.sha256 for dataset in made])
        for dataset in made:
            derived = place.rows(dataset)
            assert [row["row"] for row in derived] == list(range(1, dataset.examples + 1))
            for row in derived:
                root, number, *changes = row["origin"]
                assert root == first.dataset_id
                assert (row["messages"] == rows[number]["messages"]) is (changes == [])
    other.close()
    assert hashes[0] == hashes[1]


def test_a_split_that_is_cancelled_in_its_second_side_leaves_no_first_side(bench: Bench) -> None:
    bench.orders()
    begun: list[int] = []

    def stop(progress: Progress) -> None:
        begun.extend([1] if (progress.what, progress.done) == ("writing examples", 0) else [])
        if len(begun) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.derive("orders", Split(shares={"held-out": 0.3}), on_progress=stop)
    assert (bench.left_behind(), len(bench.datasets.list())) == (set(), 1)


def test_an_older_version_that_needs_no_change_does_not_become_the_newest(bench: Bench) -> None:
    first = bench.imported("orders", [("a", "1"), ("b", "2")])
    bench.derive("orders", Filter(containing="b"))
    assert bench.derive("orders@1", Repair()) == (first,)
    assert bench.datasets.get("orders").version == 2


def test_only_a_mix_takes_several_datasets(bench: Bench) -> None:
    bench.orders()
    for references in (["orders", "orders"], []):
        with pytest.raises(DerivationNotUnderstood, match="it takes one dataset"):
            bench.derive(references, Dedupe())


def test_the_report_of_what_was_made_has_its_numbers(bench: Bench) -> None:
    bench.orders()
    train, _ = bench.derive("orders", Split(shares={"held-out": 0.3}))
    report = train.report
    assert (report.examples, report.rows, report.turns_mean, len(report.previews)) == (7, 7, 2.0, 5)
    lengths = sorted(len(row["messages"][0]["content"] + row["messages"][1]["content"]) for row in bench.rows(train))
    assert (report.characters_p50, report.characters_max) == (lengths[3], lengths[-1])


@pytest.mark.parametrize("name", ["a@1", "a/b", "sample:x", "", "x" * 121, "a\nb"])
def test_a_name_that_could_mean_something_else_is_refused(bench: Bench, name: str) -> None:
    bench.orders()
    with pytest.raises(DatasetNameWrong):
        bench.datasets.import_file("sample:workshop-notes", name=name or " ")


@pytest.mark.parametrize(
    ("what", "parameters", "reason"),
    [
        ("split", {"shares": {"train": 0.1}}, "train"),
        ("split", {"shares": {"a": 0.5, "b": 0.5}}, "between 0 and 1"),
        ("mix", {"weights": [1]}, "weights"),
        ("filter", {}, "at least one condition"),
        ("filter", {"min_score": 2}, "min_score"),
        ("augment", {}, "words, lists or templates"),
        ("augment", {"templates": ["no slot"]}, "exactly once"),
        ("balance", {"by": "colour"}, "by"),
        ("redact", {"kind": ["email"]}, "kind"),
        ("melt", {}, "what"),
    ],
)
def test_a_request_that_makes_no_sense_says_which_part(what: str, parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(DerivationNotUnderstood, match=reason):
        request_from(what, parameters)
