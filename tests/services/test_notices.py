"""Notices: each thing that a person should hear of, heard exactly once, whatever dies on the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.domain.errors import Problem
from luthier.domain.notices import DeliveryState
from luthier.domain.notifications import DesktopNotThere, QuietHours
from luthier.domain.recipes import Budget
from luthier.domain.run_states import RunState
from luthier.health.notices import notice_limits
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders import a_recipe
from tests.services.notices import Desk, Killed


@pytest.fixture
def desk(store: Store, folders: Folders) -> Desk:
    return Desk(store, folders)


def state_of(desk: Desk) -> list[tuple[DeliveryState, int]]:
    return [(way.state, way.attempts) for record in desk.notifications.history() for way in record.deliveries]


# ── what is heard of ─────────────────────────────────────────────────────────────────────────────────────────────


def test_each_quarter_is_told_once_and_in_order(desk: Desk) -> None:
    run = desk.run(name="orders", total_steps=40)
    for step in range(1, 41):
        desk.steps(run, step)
        desk.look()
    assert desk.titles() == ["orders: 25 %", "orders: 50 %", "orders: 75 %", "orders: 100 %"]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=st.integers(1, 30),
    attempts=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 30)), max_size=5),
    looks=st.sets(st.integers(0, 60), max_size=6),
)
def test_milestones_come_once_and_in_order_whatever_is_resumed_repeated_or_restarted(
    desk: Desk, total: int, attempts: list[tuple[int, int]], looks: set[int]
) -> None:
    run = desk.run(name=new_id("r"), total_steps=total)
    told = 0
    for start, length in [*attempts, (0, total)]:
        steps = list(range(start + 1, min(total, start + length) + 1))
        for at in range(0, len(steps), 5):
            desk.steps(run, *steps[at : at + 5])
            told += 1
            if told in looks:
                desk.restart()
                desk.look()
    desk.look()
    found = [title for title in desk.titles() if title.startswith(run.name)]
    assert found == [f"{run.name}: {percent} %" for percent in (25, 50, 75, 100)]


def test_a_failure_always_tells_even_the_second_time(desk: Desk) -> None:
    run = desk.run(name="orders", state=RunState.FAILED)
    for cause in ("The loss became nan.", "The disk is full."):
        desk.happens(run, "run.state", state="failed", move="fail", cause=cause)
        desk.passes(minutes=1)
    desk.look()
    notices = [record.notice for record in desk.notifications.history()]
    assert [notice.sentence for notice in notices] == ["The disk is full.", "The loss became nan."]
    assert {(notice.kind, notice.urgency) for notice in notices} == {("failed", "urgent")}


def test_completion_is_told_with_its_result(desk: Desk) -> None:
    summary = {"base_share": 0.05, "tuned_share": 0.95}
    run = desk.run(name="orders", state=RunState.COMPLETED, summary=summary)
    desk.happens(run, "run.state", author="supervisor", state="completed", move="complete", cause="registered as a@1")
    desk.look()
    (record,) = desk.notifications.history()
    assert record.notice.sentence == "95.0 % of the held-out answers are right, 5.0 % before. Registered as a@1."


@pytest.mark.parametrize(
    "summary", [{"base_share": 0.9, "tuned_share": 0.8}, {"base_loss": 1.0, "tuned_loss": 1.2}], ids=["answers", "loss"]
)
def test_a_result_that_is_worse_than_the_base_is_told_urgently(desk: Desk, summary: dict[str, float]) -> None:
    run = desk.run(name="orders", state=RunState.COMPLETED, summary=summary)
    desk.happens(run, "run.state", author="supervisor", state="completed", move="complete", cause="done")
    desk.look()
    assert desk.titles() == ["orders is completed", "orders: the base was better"]


def test_a_run_that_parked_by_itself_is_told_and_one_that_a_person_paused_is_not(desk: Desk) -> None:
    problem = Problem(code="disk.full", sentence="There is no space left.")
    desk.happens(
        desk.run(name="full", state=RunState.PAUSED, problem=problem),
        "run.state",
        state="paused",
        move="park",
        cause="x",
    )
    desk.happens(
        desk.run(name="asked", state=RunState.PAUSED), "run.state", state="paused", move="park", cause="parked"
    )
    desk.look()
    assert desk.titles() == ["full stands still"]


def test_an_alert_that_a_resumed_run_repeats_is_told_once(desk: Desk) -> None:
    run = desk.run(name="orders")
    for step in (21, 21, 30):
        desk.happens(run, "run.alert", code="health.loss_spike", sentence="The loss jumped.", step=step)
    desk.look()
    assert desk.titles() == ["orders: an alert at step 21", "orders: an alert at step 30"]


def test_a_remedy_that_the_policy_chose_is_told_of_and_one_that_a_person_chose_is_not(desk: Desk) -> None:
    run = desk.run(name="orders")
    chosen = {"remedy": "lower_rate", "cause": "The loss diverged.", "after_step": 15}
    desk.happens(run, "run.remedy", author="supervisor", **chosen)
    desk.happens(run, "run.remedy", author="cli", **chosen)
    desk.look()
    assert desk.titles() == ["orders: Lower the learning rate"]
    assert [record.notice.sentence for record in desk.notifications.history()] == [
        "The loss diverged. It goes on from step 15."
    ]


def test_a_held_out_loss_that_rises_is_told_once_for_each_best(desk: Desk) -> None:
    run = desk.run(name="orders")
    for step, loss in enumerate([2.0, 1.0, 1.02, 1.2, 1.3, 0.5, 0.6], 1):
        desk.measured(run, step, loss)
        desk.look()
    sentences = [record.notice.sentence for record in desk.notifications.history()]
    assert ["0.5000 after step 6" in each for each in sentences] == [True, False]
    assert "1.2000 after step 4, and was 1.0000 after step 2" in sentences[1]


def test_a_budget_that_is_used_up_is_told_once(desk: Desk) -> None:
    run = desk.run(name="orders", recipe=a_recipe(budget=Budget(hours=1.0)), training_seconds=3700.0)
    desk.steps(run, 1, 2)
    desk.look()
    assert desk.titles() == ["orders: the time is used up"]


def test_a_run_of_another_workspace_in_the_same_database_is_not_ours_to_tell(desk: Desk) -> None:
    run = desk.run(name="elsewhere", home="ws_other")
    desk.steps(run, 60)
    desk.look()
    assert desk.titles() == []


# ── exactly once ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_processes_that_read_the_same_events_make_one_notice_each(desk: Desk, store: Store) -> None:
    run = desk.run(name="orders")
    desk.steps(run, 60)
    desk.collecting.collect()
    with store.writing() as tx:  # the other one had read no further
        tx.notices.has_read(f"notices of {desk.folders.workspace_id}", 0)
    desk.restart()
    desk.collecting.collect()
    assert len(desk.titles()) == len(set(desk.titles())) == 4


def test_a_crash_before_sending_loses_nothing(desk: Desk) -> None:
    desk.webhook()
    desk.steps(desk.run(name="orders"), 15)
    desk.dies = "before"
    with pytest.raises(Killed):
        desk.look()
    desk.dies = ""
    desk.restart()
    desk.look()
    assert desk.taken == []  # whoever had begun might still be at it
    desk.passes(seconds=notice_limits().delivery.sending_seconds + 1)
    desk.look()
    assert desk.taken == [("team", "orders: 25 %")]


def test_a_crash_after_sending_repeats_it_under_the_id_by_which_receivers_know_it(desk: Desk) -> None:
    desk.webhook()
    desk.steps(desk.run(name="orders"), 15)
    desk.dies = "after"
    with pytest.raises(Killed):
        desk.look()
    desk.dies = ""
    desk.restart()
    desk.passes(seconds=notice_limits().delivery.sending_seconds + 1)
    desk.look()
    desk.look()
    assert len(desk.ids) == 2 and len(set(desk.ids)) == 1
    assert state_of(desk) == [(DeliveryState.SENT, 2)]


def test_a_desktop_notice_that_may_have_been_seen_is_not_shown_twice(desk: Desk) -> None:
    desk.notifications.add({"kind": "desktop", "name": "here"})
    desk.steps(desk.run(name="orders"), 15)
    desk.dies = "after"
    with pytest.raises(Killed):
        desk.look()
    desk.dies = ""
    desk.passes(minutes=5)
    desk.look()
    assert len(desk.taken) == 1
    assert state_of(desk) == [(DeliveryState.FAILED, 1)]


def test_a_receiver_that_is_away_gets_it_later_and_each_channel_goes_its_own_way(desk: Desk) -> None:
    desk.webhook("away")
    desk.webhook("here")
    desk.refuses = lambda notice, channel: channel.name == "away"
    desk.steps(desk.run(name="orders"), 15)
    desk.look()
    assert desk.taken == [("here", "orders: 25 %")]
    desk.refuses = lambda notice, channel: False
    desk.look()
    assert len(desk.taken) == 1, "it waits before it tries again"
    desk.passes(minutes=1)
    desk.look()
    assert desk.taken[1:] == [("away", "orders: 25 %")]


def test_a_receiver_that_never_takes_it_is_given_up_with_the_reason(desk: Desk) -> None:
    desk.webhook()
    desk.refuses = lambda notice, channel: True
    desk.steps(desk.run(name="orders"), 15)
    for _ in range(20):
        desk.look()
        desk.passes(hours=1)
    (record,) = desk.notifications.history()
    (way,) = record.deliveries
    assert (way.state, way.attempts) == (DeliveryState.FAILED, notice_limits().delivery.attempts)
    assert way.problem == "The notice was not taken by there: it is away."


def test_what_cannot_change_by_waiting_is_tried_once(desk: Desk) -> None:
    def refuse(*_: Any) -> bool:
        raise DesktopNotThere(reason="the program notify-send is not installed")

    desk.webhook()
    desk.refuses = refuse
    desk.steps(desk.run(name="orders"), 15)
    desk.look()
    assert state_of(desk) == [(DeliveryState.FAILED, 1)]


def test_old_news_is_kept_in_the_history_and_not_sent(desk: Desk) -> None:
    desk.webhook()
    desk.steps(desk.run(name="orders"), 15)
    desk.passes(days=2)
    desk.look()
    assert desk.taken == [] and desk.titles() == ["orders: 25 %"]


def test_a_notice_that_waited_longer_than_it_is_news_is_not_sent(desk: Desk) -> None:
    desk.webhook()
    desk.steps(desk.run(name="orders"), 15)
    desk.collecting.collect()
    desk.passes(days=2)
    desk.look()
    assert desk.taken == []
    assert state_of(desk) == [(DeliveryState.EXPIRED, 0)]


def test_a_channel_that_was_removed_meanwhile_gets_nothing(desk: Desk) -> None:
    desk.webhook()
    desk.steps(desk.run(name="orders"), 15)
    desk.collecting.collect()
    desk.notifications.remove("team")
    desk.look()
    assert desk.taken == [] and state_of(desk) == []


# ── who hears what, and when ─────────────────────────────────────────────────────────────────────────────────────


def test_a_channel_hears_only_what_it_asked_for(desk: Desk) -> None:
    desk.webhook("grave", least="urgent")
    desk.webhook("milestones", kinds=["milestone"])
    run = desk.run(name="orders", state=RunState.FAILED)
    desk.steps(run, 15)
    desk.happens(run, "run.state", state="failed", move="fail", cause="It broke.")
    desk.look()
    assert desk.taken == [("milestones", "orders: 25 %"), ("grave", "orders failed")]


def test_quiet_hours_hold_back_what_is_not_urgent_until_they_end(desk: Desk) -> None:
    now = desk.clock.now().astimezone()
    begin, end = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=2)).strftime("%H:%M")
    desk.notifications.set_quiet_hours(begin, end)
    desk.webhook()
    run = desk.run(name="orders", state=RunState.FAILED)
    desk.steps(run, 15)
    desk.happens(run, "run.state", state="failed", move="fail", cause="It broke.")
    desk.look()
    assert desk.taken == [("team", "orders failed")]
    desk.passes(hours=2, minutes=1)
    desk.look()
    assert desk.taken[1:] == [("team", "orders: 25 %")]


@given(
    begin=st.integers(0, 1439),
    end=st.integers(0, 1439),
    moment=st.datetimes(datetime(2026, 1, 5), datetime(2026, 1, 9)),
)
def test_quiet_hours_end_at_their_end_and_soon(begin: int, end: int, moment: datetime) -> None:
    hours = QuietHours.model_validate(
        {"begin": f"{begin // 60:02}:{begin % 60:02}", "end": f"{end // 60:02}:{end % 60:02}"}
    )
    asked = moment.astimezone()
    until = hours.until(asked)
    minute = asked.hour * 60 + asked.minute
    inside = (minute - begin) % 1440 < (end - begin) % 1440
    assert (until is not None) == inside
    if until is not None:
        assert (until.hour * 60 + until.minute) == end
        assert timedelta() < until - asked <= timedelta(days=1)


def test_open_pages_are_told_by_the_stream_of_events(desk: Desk, store: Store) -> None:
    run = desk.run(name="orders")
    desk.steps(run, 15)
    desk.look()
    with store.reading() as tx:
        (event,) = tx.events.after(0, kinds=("run.notice",))
    assert (event.run_id, event.body["title"], event.body["quiet"]) == (run.run_id, "orders: 25 %", False)
    assert "key" not in event.body
