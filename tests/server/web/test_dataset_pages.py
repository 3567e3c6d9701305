"""The pages of datasets: what they show leads on, what is wrong stands beside its field, and work goes on behind."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from luthier.domain.background import WorkState
from luthier.domain.dataset_jobs import DatasetJob, ScoreWork
from luthier.domain.derivations import Dedupe, Mix, Redact
from luthier.domain.jobs import Progress
from luthier.server.web.dataset_jobs import card_of
from luthier.server.web.marked_texts import marked, turns_of
from luthier.server.web.rendering import render
from luthier.server.web.ways import WAYS
from luthier.services.background import Background
from luthier.workspace import Workspace

HEADERS = {"x-luthier": "1", "hx-request": "true"}
WOODS = ("oak", "elm", "ash", "yew")


@pytest.fixture
def orders(workspace: Workspace, tmp_path: Path) -> str:
    rows = [{"prompt": f"{WOODS[n % 4]} {n}?", "completion": f"{n} planks of {WOODS[n % 4]}."} for n in range(40)]
    rows[4]["completion"] += " <script>alert(1)</script> [INST]"
    rows[9]["completion"] += " Write to ada@lute.org."
    rows[30] = dict(rows[3])
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return workspace.datasets.import_file(str(path)).label


def plain(html: str) -> str:
    """What a person reads."""
    assert "style=" not in html and "{{" not in html and "<script>alert" not in html
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def led_to(browser: TestClient, begun: Any) -> str:
    """Where the card of the work leads when it is done."""
    assert begun.status_code == 200, begun.text
    found = re.search(r'hx-get="(/datasets/jobs/[^"]+)"', begun.text)
    assert found, begun.text
    deadline = time.monotonic() + 60
    while (answer := browser.get(found[1])).status_code == 200:
        assert time.monotonic() < deadline
        assert "did not work" not in answer.text, answer.text
        time.sleep(0.02)
    return str(answer.headers["hx-redirect"])


def post(browser: TestClient, address: str, **fields: Any) -> Any:
    return browser.post(address, data=fields, headers=HEADERS)


def test_scoring_is_begun_by_the_page_and_leads_to_its_pictures(browser: TestClient, orders: str) -> None:
    before = plain(browser.get(f"/datasets/{orders}/quality").text)
    assert "Not scored yet" in before
    address = led_to(browser, post(browser, f"/datasets/{orders}/quality", base="", against=""))
    assert address == f"/datasets/{orders}/quality"
    after = browser.get(address).text
    assert "template.marker" in after and "?reason=template.marker#rows-title" in after
    assert "Not scored yet" not in after


def test_rows_are_filtered_by_a_reason_and_by_a_score_once_they_are_scored(
    browser: TestClient, workspace: Workspace, orders: str
) -> None:
    unscored = browser.get(f"/datasets/{orders}").text
    assert 'name="reason"' not in unscored
    workspace.quality.score(orders)
    page = plain(browser.get(f"/datasets/{orders}?reason=template.marker").text)
    assert "1 of 40 in doubt" in page and "Row 5" in page and "Row 6" not in page
    assert "chat templates write themselves" in page
    low = plain(browser.get(f"/datasets/{orders}/rows?below=0.6").text)
    assert "Row 5" in low and "Row 31" in low and "Row 10" not in low
    said = plain(browser.get(f"/datasets/{orders}/rows?below=1&q=ada").text)
    assert "1 find in 3 rows" in said and "Row 10" in said
    every = plain(browser.get(f"/datasets/{orders}").text)
    assert "duplicate.exact" not in every and "It holds an e-mail address." in every


def test_a_filter_before_scoring_says_what_is_missing(browser: TestClient, orders: str) -> None:
    page = plain(browser.get(f"/datasets/{orders}?reason=personal").text)
    assert f"{orders} has not been scored" in page and "Report" in page
    unknown = plain(browser.get(f"/datasets/{orders}?reason=ugly").text)
    assert "There is no reason called ugly" in unknown


def test_filtered_rows_are_paged_and_lead_to_a_version_without_them(
    browser: TestClient, workspace: Workspace, orders: str, tmp_path: Path
) -> None:
    rows = [{"prompt": f"{n} pegs?", "completion": f"Yes, {n}. [INST]"} for n in range(25)]
    path = tmp_path / "marked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    workspace.quality.score(workspace.datasets.import_file(str(path)).label)
    page = browser.get("/datasets/marked?reason=template.marker&offset=10").text
    assert "reason=template.marker" in page and "offset=20" in page and "Row 11" in plain(page)
    assert "/derive/filter?without=template.marker" in page
    form = browser.get("/datasets/marked/derive/filter?without=template.marker").text
    assert re.search(r'value="template.marker" checked', form)


@pytest.mark.parametrize("what", list(WAYS))
def test_every_way_has_a_form_that_says_what_it_does(browser: TestClient, orders: str, what: str) -> None:
    page = browser.get(f"/datasets/{orders}/derive/{what}")
    assert page.status_code == 200
    assert WAYS[what].does in plain(page.text) and "None" not in plain(page.text)
    assert f'href="/datasets/{orders}/derive/{what}"' in browser.get(f"/datasets/{orders}").text


def test_an_unknown_way_is_nowhere(browser: TestClient, orders: str) -> None:
    assert browser.get(f"/datasets/{orders}/derive/melt").status_code == 404


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("split", {"side": "held-out", "share": "25", "near": "1", "seed": "3"}),
        ("dedupe", {"by": "question", "near": "1"}),
        ("filter", {"without": "personal"}),
        ("repair", {"fixes": ["trim_ends", "remove_special_tokens"]}),
        ("redact", {"kinds": "email"}),
        ("balance", {"by": "source", "to": "number", "number": "12"}),
        ("augment", {"words": "oak, elm\nash, yew", "copies": "2"}),
    ],
)
def test_a_form_makes_the_dataset_it_asks_for(
    browser: TestClient, workspace: Workspace, orders: str, what: str, fields: dict[str, Any]
) -> None:
    address = led_to(browser, post(browser, f"/datasets/{orders}/derive/{what}", name="made", **fields))
    name = "made-held-out" if what == "split" else "made"
    made = workspace.datasets.get(name).made_by
    assert made is not None and made.what == what
    page = plain(browser.get(address).text)
    assert ("made-train@1" in page) if what == "split" else ("made" in page and f"made just now by {what}" in page)


@pytest.mark.parametrize(
    ("what", "fields", "field", "words"),
    [
        ("split", {"side": "held-out", "share": "lots"}, "shares", "“lots” is no number."),
        ("split", {"side": "held-out", "share": "100"}, "shares", "between 0 and 1"),
        ("split", {"side": "held-out", "share": "10", "near": "7"}, "near", "less than or equal to 1"),
        ("redact", {}, "kinds", "Choose at least one."),
        ("balance", {"by": "answer", "to": "number", "number": ""}, "number", "A number is missing."),
        ("augment", {"words": "a, b", "copies": "0"}, "copies", "greater than or equal to 1"),
        ("augment", {"words": "oak", "copies": "1"}, "words", "at least two"),
        ("dedupe", {"by": "example", "name": "a@b"}, "name", "must not hold"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    browser: TestClient, orders: str, what: str, fields: dict[str, str], field: str, words: str
) -> None:
    answer = post(browser, f"/datasets/{orders}/derive/{what}", **fields)
    assert answer.status_code == 200
    beside = re.search(rf'id="{field}-wrong">([^<]+)<', answer.text)
    assert beside and words in beside[1], answer.text
    typed = [value for name, value in fields.items() if name in ("share", "near", "copies", "name")]
    assert all(f'value="{value}"' in answer.text for value in typed)
    assert f'aria-describedby="{field}-wrong"' in answer.text or field == "kinds"


def test_what_nothing_can_be_asked_of_is_said_above_the_form(browser: TestClient, orders: str) -> None:
    for what in ("filter", "augment"):
        answer = plain(post(browser, f"/datasets/{orders}/derive/{what}").text)
        assert "That did not work." in answer and "give " in answer


def test_nothing_to_do_is_said_and_makes_no_version(browser: TestClient, workspace: Workspace, orders: str) -> None:
    address = led_to(browser, post(browser, f"/datasets/{orders}/derive/filter", lacking="nowhere"))
    assert "nothing to do" in plain(browser.get(address).text)
    assert [dataset.label for dataset in workspace.datasets.list()] == [orders]


def test_work_that_failed_says_why_on_its_page(browser: TestClient, workspace: Workspace, orders: str) -> None:
    begun = post(browser, f"/datasets/{orders}/derive/filter", containing="zebra")
    address = begun.headers["hx-push-url"]
    while workspace.dataset_jobs.get(address.rpartition("/")[2]).state.is_open:
        time.sleep(0.01)
    page = plain(browser.get(address).text)
    assert f"Filtering {orders} did not work. No example of {orders} is left" in page and "Try again" in page


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(what="scoring examples", done=4_100, total=12_000), "Scoring examples: 4 100 of 12 000"),
        (Progress(what="fetching", done=3_000_000, total=9_000_000, unit="bytes"), "Fetching: 3.0 MB of 9.0 MB"),
        (Progress(what="beginning", done=0, total=0), "Beginning"),
    ],
)
def test_how_far_work_is_carries_its_unit(workspace: Workspace, orders: str, progress: Progress, words: str) -> None:
    job = DatasetJob(
        job_id="job_1",
        work=ScoreWork(dataset=orders),
        state=WorkState.RUNNING,
        begun_at=workspace.clock.now(),
        progress=progress,
    )
    assert plain(bytes(render(card_of(job)).body).decode()) == f"Scoring {orders} Call it off {words}"


def test_work_that_was_left_off_waits_to_be_begun_again_where_its_dataset_is(
    browser: TestClient, workspace: Workspace, orders: str
) -> None:
    closed = Background(workspace.folders.dataset_jobs, "job", workspace.clock, at_once=1)
    closed.close()
    left = closed.begin({"kind": "score", "dataset": orders}, lambda tell: {})
    closed.close()
    for address in ("/datasets", f"/datasets/{orders}", f"/datasets/{orders}/quality"):
        page = plain(browser.get(address).text)
        assert f"Scoring {orders} was left off" in page and "Begin again" in page, address
    again = post(browser, f"/datasets/jobs/{left}/restart")
    assert led_to(browser, again) == f"/datasets/{orders}/quality"
    assert "was left off" not in browser.get("/datasets").text


def test_a_mix_shows_what_each_dataset_gives_and_is_made(
    browser: TestClient, workspace: Workspace, orders: str
) -> None:
    workspace.datasets.import_file("sample:request-kinds")
    kinds = workspace.datasets.get("request-kinds")
    page = plain(browser.get("/datasets/mix", params={"dataset": [orders, kinds.label]}).text)
    rows = workspace.derivations.rows_of_mix([orders, kinds.label], Mix(weights=(1, 1)))
    assert f"{sum(rows)} examples in all" in page
    fields = {"dataset": [orders, kinds.label], "weight": ["3", "1"], "size": "8", "seed": "0"}
    preview = plain(post(browser, "/datasets/mix/preview", **fields).text)
    assert f"8 examples in all {orders} 6 {kinds.label} 2" in preview
    assert post(browser, "/datasets/mix/line", **fields).text.count('name="dataset"') == 3
    made = led_to(browser, post(browser, "/datasets/mix", **fields, name="shop"))
    assert made == "/datasets/shop@1"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"dataset": ["orders@1", ""], "weight": ["1", "1"]}, "weights"),
        ({"dataset": ["orders@1", "request-kinds@1"], "weight": ["1", "much"]}, "weights"),
        ({"dataset": ["orders@1", "request-kinds@1"], "weight": ["1", "1"], "size": "9999"}, "size"),
    ],
)
def test_a_mix_that_cannot_be_made_says_so_beside_the_field(
    browser: TestClient, workspace: Workspace, orders: str, fields: dict[str, Any], field: str
) -> None:
    workspace.datasets.import_file("sample:request-kinds")
    answer = post(browser, "/datasets/mix", **fields)
    assert f'id="{field}-wrong"' in answer.text


def test_with_one_dataset_the_mix_teaches_the_next_step(browser: TestClient, orders: str) -> None:
    assert "Import another one first" in browser.get("/datasets/mix").text


def test_the_difference_of_two_versions_is_shown_by_kind_with_what_differs_marked(
    browser: TestClient, workspace: Workspace, orders: str
) -> None:
    workspace.derivations.derive(orders, Dedupe())
    workspace.derivations.derive("orders", Redact())
    page = browser.get("/datasets/diff", params={"before": "orders@1", "after": "orders"}).text
    assert "<ins>[EMAIL_1]</ins>" in page and "<del>" in page
    assert "Unchanged 38 Changed 1" in plain(page)
    removed = plain(browser.get("/datasets/diff?before=orders@1&after=orders&kind=removed").text)
    assert "Row 31" in removed
    assert "What changed since orders@2" in plain(browser.get("/datasets/orders@3").text)
    same = plain(browser.get("/datasets/diff?before=orders@1&after=orders@1").text)
    assert "The two hold the same rows." in same
    assert "Choose two datasets" in browser.get("/datasets/diff").text


def test_text_of_a_row_is_never_markup(browser: TestClient, workspace: Workspace, orders: str) -> None:
    workspace.quality.score(orders)
    workspace.derivations.derive(orders, Redact())
    difference = "/datasets/diff?before=orders@2&after=orders@1&kind=changed"
    for address in (f"/datasets/{orders}", f"/datasets/{orders}?below=1", difference):
        assert "<script>alert" not in browser.get(address).text
    assert "&lt;script&gt;alert" in browser.get(f"/datasets/{orders}?below=1").text


def test_words_that_differ_are_marked_and_nothing_is_lost() -> None:
    was, became = marked("Send 12 oak pegs.", "Send 14 oak pegs, please.")
    assert "".join(piece.text for piece in was) == "Send 12 oak pegs."
    assert [piece.text for piece in became if piece.differs] == ["14", ", please"]
    same, _ = marked("as it was", "as it was")
    assert [piece.differs for piece in same] == [False]


def test_a_text_too_long_to_compare_by_words_differs_as_a_whole() -> None:
    was, became = marked("a " * 2_000, "a " * 1_999 + "b ")
    assert [piece.differs for piece in (*was, *became)] == [True, True]


def test_a_turn_that_is_only_on_one_side_stands_alone() -> None:
    one = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    other = {"messages": [{"role": "user", "content": "a"}]}
    first, second = turns_of(one, other)
    assert (first.speaker, second.speaker) == ("user", "assistant")
    assert "".join(piece.text for piece in second.after) == ""
