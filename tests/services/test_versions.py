from pathlib import Path

import pytest

from luthier.domain.versions import (
    MOST_TAGS,
    VersionExists,
    VersionFilesDamaged,
    VersionKept,
    VersionNameWrong,
    VersionNoteTooLong,
    VersionNotFound,
    VersionTagWrong,
)
from luthier.kit.files import write_json
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders.deployments import a_deployment, a_turn
from tests.builders.evaluations import an_answer, an_evaluation
from tests.builders.recipes import a_recipe
from tests.builders.runs import a_run
from tests.services.registered import registered, versions_of


def test_words_tag_and_name_narrow_what_is_listed(store: Store, folders: Folders) -> None:
    versions = versions_of(store, folders)
    kept = registered(store, folders, notes="Answers in verse")
    registered(store, folders, name="letters")
    versions.tag(kept.version_id, "production")
    assert [each.version_id for each in versions.list("VERSE orders")] == [kept.version_id]
    assert [each.version_id for each in versions.list(tag="production")] == [kept.version_id]
    assert [each.name for each in versions.list(name="letters")] == ["letters"]
    assert versions.list("verse letters") == []


def test_a_result_is_registered_once_more_under_a_chosen_number(store: Store, folders: Folders) -> None:
    first = registered(store, folders)
    made = versions_of(store, folders).create("orders", number="1.0.0")
    assert (made.label, made.adapter_folder) == ("orders@1.0.0", first.adapter_folder)
    assert [(parent.how, parent.label) for parent in made.parents] == [("same files as", "orders@0.1.0")]
    with pytest.raises(VersionExists, match=r"orders@1\.0\.0"):
        versions_of(store, folders).create("orders@0.1.0", number="1.0.0")


def test_without_a_number_the_change_decides_and_a_new_name_begins_anew(store: Store, folders: Folders) -> None:
    registered(store, folders, recipe=a_recipe())
    versions = versions_of(store, folders)
    assert versions.create("orders").label == "orders@0.1.1"
    assert versions.create("orders", name="clerk").label == "clerk@0.1.0"
    with pytest.raises(VersionNameWrong):
        versions.create("orders", name="../orders")


def test_a_run_stands_for_the_version_that_it_became(store: Store, folders: Folders) -> None:
    version = registered(store, folders)
    with store.writing() as tx:
        tx.runs.add(a_run(name="first-try", version_id=version.version_id))
        tx.runs.add(a_run(name="young"))
    versions = versions_of(store, folders)
    assert versions.create("first-try", number="2.0.0").adapter_sha256 == version.adapter_sha256
    for reference in ("young", "nobody"):
        with pytest.raises(VersionNotFound, match=reference):
            versions.create(reference)


def test_tags_and_notes_are_kept_within_their_limits(store: Store, folders: Folders) -> None:
    registered(store, folders)
    versions = versions_of(store, folders)
    assert versions.tag("orders", "b").tags == ("b",)
    assert versions.tag("orders", "a").tags == versions.tag("orders", "a").tags == ("a", "b")
    assert versions.untag("orders", "b").tags == ("a",)
    assert versions.note("orders", "  fine \n").notes == "fine"
    for tag in ("", "Capital", "with space", "x" * 41):
        with pytest.raises(VersionTagWrong):
            versions.tag("orders", tag)
    for number in range(MOST_TAGS - 1):
        versions.tag("orders", f"t{number}")
    with pytest.raises(VersionTagWrong, match="at most"):
        versions.tag("orders", "one-more")
    with pytest.raises(VersionNoteTooLong):
        versions.note("orders", "x" * 5000)


def test_files_that_changed_are_noticed_by_their_hash(store: Store, folders: Folders) -> None:
    version = registered(store, folders)
    versions = versions_of(store, folders)
    assert versions.check_files(version) == version.adapter_sha256
    weights = Path(version.adapter_folder) / version.weights_file
    weights.write_bytes(b"other")
    with pytest.raises(VersionFilesDamaged, match="hash"):
        versions.check_files(version)
    weights.unlink()
    with pytest.raises(VersionFilesDamaged, match="is not in"):
        versions.check_files(version)


def test_what_serves_is_tagged_or_is_stood_on_cannot_be_removed(store: Store, folders: Folders) -> None:
    versions = versions_of(store, folders)
    served, before = registered(store, folders), registered(store, folders, number="0.2.0")
    tagged = versions.tag(registered(store, folders, name="letters").version_id, "keep")
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders", a_turn(before), a_turn(served)))
    for version, reason in ((served, "serves in"), (before, "rolled back to"), (tagged, "tagged keep")):
        with pytest.raises(VersionKept, match=reason):
            versions.remove(version.version_id)
        assert Path(version.adapter_folder).is_dir()


def test_files_go_with_the_last_version_that_has_them(store: Store, folders: Folders) -> None:
    version = registered(store, folders)
    versions = versions_of(store, folders)
    versions.create("orders", number="1.0.0")
    versions.remove("orders@0.1.0")
    assert Path(version.adapter_folder).is_dir()
    versions.remove("orders@1.0.0")
    assert not Path(version.adapter_folder).exists()
    assert versions.list() == []


def test_better_is_said_of_two_versions_only_on_what_both_answered(store: Store, folders: Folders) -> None:
    versions = versions_of(store, folders)
    for number, right in (("0.1.0", 20), ("0.2.0", 55)):
        version = registered(store, folders, number=number, recipe=a_recipe(settings={"seed": right}))
        with store.writing() as tx:
            tx.runs.add(a_run(run_id=version.run_id, name=f"run {right}"))
        answers = tuple(an_answer(row, tuned_right=row <= right) for row in range(1, 61))
        write_json(folders.run(version.run_id).evaluation, an_evaluation(answers=answers).model_dump(mode="json"))
    found = versions.compare("orders@0.1.0", "orders@0.2.0")
    assert found.comparison is not None
    assert found.sentence.startswith("orders@0.2.0 is better than orders@0.1.0 on the 60 examples")
    assert versions.compare("orders@0.2.0", "orders@0.1.0").sentence.startswith("orders@0.1.0 is worse")
    assert [(row.name, row.values) for row in found.differences] == [("settings.seed", (20, 55))]
    assert sum(each.right == (False, True) for each in found.answers) == 35
