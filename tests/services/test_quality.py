"""Scores are made once for each content, kept whole or not at all, and lead back to the rows behind them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import luthier
from luthier.data.quality import keep_positions
from luthier.domain.jobs import Progress
from luthier.domain.quality import QualityNotScored, QualityReasonUnknown
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.quality import Quality
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.data.quality.planted import Speaker


def rows(count: int = 40, seed: int = 0) -> list[dict[str, str]]:
    speaker = Speaker(seed)
    return [{"prompt": speaker.sentence(end="?"), "completion": speaker.text()} for _ in range(count)]


def a_file(folder: Path, items: list[dict[str, str]], name: str = "orders.jsonl") -> str:
    path = folder / name
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return str(path)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=tmp_path / "workspace", offline=True)) as opened:
        yield opened


@pytest.fixture
def quality(workspace: Workspace) -> Quality:
    return workspace.quality


@pytest.fixture
def datasets(workspace: Workspace) -> Datasets:
    return workspace.datasets


@pytest.fixture
def folders(workspace: Workspace) -> Folders:
    return workspace.folders


@pytest.fixture
def planted(datasets: Datasets, tmp_path: Path) -> str:
    items = rows()
    items[6]["completion"] += " Ask anna@workshop.org."
    items[9]["completion"] += "<|im_end|>"
    items[20] = dict(items[3])
    return datasets.import_file(a_file(tmp_path, items)).dataset_id


@pytest.fixture
def scored(quality: Quality, planted: str) -> str:
    quality.score(planted)
    return planted


def test_a_report_counts_each_reason_with_its_first_rows(quality: Quality, planted: str) -> None:
    report = quality.score(planted)
    assert {each.code: (each.examples, each.rows) for each in report.reasons} == {
        "duplicate.exact": (1, (21,)),
        "personal": (1, (7,)),
        "template.marker": (1, (10,)),
    }
    assert (report.examples, report.doubted) == (40, 3)
    assert report.score == pytest.approx((37 + 0.5 + 0.7 + 0.5) / 40)
    assert sum(report.scores.counts) == sum(report.characters.counts) == 40


def test_what_was_scored_is_read_again_and_not_made_anew(quality: Quality, planted: str) -> None:
    assert quality.known(planted) is None
    told: list[Progress] = []
    first = quality.score(planted, on_progress=told.append)
    assert [(each.done, each.total) for each in told if each.what == "scoring examples"] == [(40, 40)]
    assert told[-1].what == "comparing examples" and told[-1].done < told[-1].total
    told.clear()
    assert quality.score(planted, on_progress=told.append) == first == quality.known(planted)
    assert told == []


def test_the_examples_behind_a_reason_come_with_its_place_and_a_sentence(quality: Quality, scored: str) -> None:
    page = quality.examples(scored, reason="personal")
    (item,) = page.items
    (reason,) = item.reasons
    assert (page.total, item.row, item.position, item.score) == (1, 7, 6, 0.7)
    assert reason.sentence == "It holds an e-mail address."
    answer = item.example["messages"][1]["content"]
    assert reason.message == 2 and reason.character is not None
    assert answer[reason.character - 1 :].startswith("anna@")


def test_a_duplicate_names_the_row_that_it_repeats(quality: Quality, scored: str) -> None:
    (item,) = quality.examples(scored, reason="duplicate").items
    assert (item.row, item.reasons[0].other_row) == (21, 4)
    assert item.reasons[0].sentence == "The same example stands in row 4 already."


def test_looking_at_examples_never_scores(quality: Quality, planted: str) -> None:
    with pytest.raises(QualityNotScored, match="orders@1"):
        quality.examples(planted)
    assert quality.known(planted) is None


def test_examples_at_any_positions_come_with_what_is_said_of_them(
    quality: Quality, datasets: Datasets, scored: str
) -> None:
    first, second = quality.judged(datasets.get(scored), [9, 2])
    assert [reason.code for reason in first.reasons] == ["template.marker"]
    assert (second.row, second.score, second.reasons) == (3, 1.0, ())


def test_examples_below_a_score_are_paged_in_their_order(quality: Quality, scored: str) -> None:
    everything = quality.examples(scored, below=1.0)
    assert [item.row for item in everything.items] == [7, 10, 21]
    second = quality.examples(scored, below=1.0, offset=1, limit=1)
    assert (second.total, [item.row for item in second.items]) == (3, [10])
    assert quality.examples(scored, below=1.0, offset=9).items == ()
    assert [item.row for item in quality.examples(scored, below=0.6).items] == [10, 21]


def test_a_reason_that_does_not_exist_is_said_with_those_that_do(quality: Quality, scored: str) -> None:
    with pytest.raises(QualityReasonUnknown, match=r"duplicate\.near"):
        quality.examples(scored, reason="ugliness")


def test_leaks_into_another_dataset_are_kept_apart_from_the_plain_scores(
    quality: Quality, datasets: Datasets, planted: str, tmp_path: Path
) -> None:
    held_out = rows(10, seed=7)
    held_out[2]["prompt"] = rows()[11]["prompt"]
    other = a_file(tmp_path, held_out, "held-out.jsonl")
    told: list[Progress] = []
    report = quality.score(planted, against=other, on_progress=told.append)
    read = [(progress.done, progress.total) for progress in told if progress.what == "scoring examples"]
    assert read == [(10, 50), (50, 50)]
    assert {each.code: each.rows for each in report.reasons}["leak.exact"] == (12,)
    assert report.against == "held-out@1"
    (leak,) = quality.examples(planted, reason="leak", against=report.against).items
    assert leak.reasons[0].other_row == 3
    assert "leak.exact" not in {each.code for each in quality.score(planted).reasons}


def test_a_cancelled_scoring_leaves_nothing_behind(quality: Quality, folders: Folders, planted: str) -> None:
    class CalledOff(Exception): ...

    def stop(progress: Progress) -> None:
        raise CalledOff

    with pytest.raises(CalledOff):
        quality.score(planted, on_progress=stop)
    assert not (folders.dataset(planted) / "quality").exists()


def test_scores_of_another_form_are_made_anew(quality: Quality, folders: Folders, planted: str) -> None:
    report = quality.score(planted)
    for path in (folders.dataset(planted) / "quality").glob("*.json"):
        path.write_text('{"written": "by an older version"}')
    again = quality.score(planted)
    assert again.model_dump(exclude={"made_at"}) == report.model_dump(exclude={"made_at"})


@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY", b"no array at all"])
def test_scores_that_are_lost_or_damaged_are_made_anew(
    quality: Quality, folders: Folders, planted: str, content: bytes | None
) -> None:
    quality.score(planted)
    before = quality.scored(planted)
    for path in (folders.dataset(planted) / "quality").glob("*.npy"):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    after = quality.scored(planted)
    assert after.scores.tolist() == before.scores.tolist()
    assert after.flags.tolist() == before.flags.tolist()
    assert quality.known(planted) is not None


def test_a_filter_for_other_services_follows_the_kept_scores(quality: Quality, planted: str) -> None:
    kept = keep_positions(quality.scored(planted), 0.6, without=["personal"])
    assert [position for position, keep in enumerate(kept) if not keep] == [6, 9, 20]


def test_tokens_are_counted_under_a_base_and_once(quality: Quality, planted: str, tmp_path: Path) -> None:
    base = str(a_model_folder(tmp_path / "tiny"))
    told: list[Progress] = []
    tokens = quality.score(planted, base=base, on_progress=told.append).tokens
    assert tokens is not None
    assert "counting tokens" in {progress.what for progress in told}
    assert tokens.tokens_p50 <= tokens.tokens_p95 <= tokens.tokens_max
    assert 0 < tokens.supervised_share < 1
    assert (tokens.max_length, tokens.longer) == (1024, 0)
    assert quality.known(planted, base=base) == quality.score(planted, base=base)
    assert quality.known(planted, base="nowhere/no-model") is None
    told.clear()
    again = quality.score(planted, base=base, max_length=tokens.tokens_p50, on_progress=told.append).tokens
    assert again is not None
    assert again.tokens == tokens.tokens and 0 < again.longer <= 20
    assert told == []
