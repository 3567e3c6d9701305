"""Turns are fair: priority first, then arrival, nobody for ever; and memory is shared without being promised twice."""

import hypothesis.strategies as st
from hypothesis import given

from luthier.domain.queues import OVERTAKINGS, AtWork, Capacity, Priority, Waiting, take_turns

GB = 1_000_000_000


def waiting(name: str, ticket: int, **more: object) -> Waiting:
    return Waiting.model_validate({"run_id": name, "name": name, "ticket": ticket, **more})


def order_of(*runs: Waiting) -> list[str]:
    return [place.run_id for place in take_turns(runs, (), Capacity()).places]


def test_a_higher_priority_goes_first_and_the_earlier_ticket_among_equals() -> None:
    runs = (waiting("b", 2), waiting("a", 1), waiting("urgent", 3, priority="high"), waiting("low", 0, priority="low"))
    assert order_of(*runs) == ["urgent", "a", "b", "low"]


def test_one_that_was_overtaken_often_enough_counts_as_a_priority_higher() -> None:
    patient = waiting("patient", 1, priority="low", overtaken=OVERTAKINGS)
    assert order_of(patient, waiting("normal", 2)) == ["patient", "normal"]


def test_a_full_house_lets_nobody_in_and_says_who_is_at_work() -> None:
    turn = take_turns([waiting("ash", 1)], [AtWork(run_id="o", name="oak")], Capacity(runs_at_once=1))
    assert turn.starts is None
    assert turn.places[0].sentence == "It waits for its turn; oak is at work."


def test_a_run_starts_beside_another_only_when_its_planned_memory_fits() -> None:
    oak = AtWork(run_id="o", name="oak", memory_bytes=6 * GB, used_bytes=2 * GB)  # will take 4 GB more
    room = Capacity(runs_at_once=2, free_bytes=7 * GB)
    assert take_turns([waiting("ash", 1, memory_bytes=3 * GB)], [oak], room).starts == "ash"
    held = take_turns([waiting("ash", 1, memory_bytes=3.1 * GB)], [oak], room)
    assert held.starts is None
    assert held.places[0].sentence == "It needs 3.1 GB of memory, and 3.0 GB are free beside oak."


def test_a_run_starts_beside_another_only_when_the_cores_of_its_plan_are_free() -> None:
    oak = AtWork(run_id="o", name="oak", cores=3)
    room = Capacity(runs_at_once=2, cores=4)
    assert take_turns([waiting("ash", 1, cores=1)], [oak], room).starts == "ash"
    held = take_turns([waiting("ash", 1, cores=2)], [oak], room)
    assert held.starts is None
    assert held.places[0].sentence == "Its plan computes on 2 cores, and 1 are free beside oak."


def test_each_run_on_a_gpu_gets_one_for_itself_and_leaves_memory_and_cores_to_others() -> None:
    room = Capacity(runs_at_once=3, cores=2, gpus={0: 80 * GB, 1: 79 * GB}, free_bytes=GB)
    large = waiting("ash", 1, on_gpu=True, memory_bytes=70 * GB, cores=2)
    first = take_turns([large], (), room)
    assert (first.starts, first.gpu) == ("ash", 0)
    oak = AtWork(run_id="o", name="oak", gpu=0, memory_bytes=70 * GB, cores=2)
    assert take_turns([large], [oak], room).gpu == 1
    assert take_turns([waiting("elm", 2, memory_bytes=GB, cores=2)], [oak], room).starts == "elm"
    full = take_turns([large], [oak, oak.model_copy(update={"run_id": "p", "name": "pine", "gpu": 1})], room)
    assert full.starts is None
    assert full.places[0].sentence == "It waits for a GPU; oak, pine are at work."


def test_a_run_gets_the_gpu_that_its_plan_was_made_for_and_no_smaller_one() -> None:
    room = Capacity(runs_at_once=3, gpus={0: 8 * GB, 1: 24 * GB})
    large, small = (waiting(name, 1, on_gpu=True, memory_bytes=size * GB) for name, size in (("ash", 20), ("elm", 6)))
    assert take_turns([large], (), room).gpu == 1
    oak = AtWork(run_id="o", name="oak", gpu=1)
    assert take_turns([large], [oak], room).places[0].reason == "gpu"
    assert take_turns([small], [oak], room).gpu == 0


def test_a_run_that_is_alone_starts_because_its_plan_was_accepted() -> None:
    assert take_turns([waiting("ash", 1, memory_bytes=9 * GB)], (), Capacity(free_bytes=GB)).starts == "ash"


def test_a_smaller_run_may_pass_a_larger_one_but_not_for_ever() -> None:
    oak = [AtWork(run_id="o", name="oak")]
    room = Capacity(runs_at_once=2, free_bytes=4 * GB)
    small = waiting("small", 2, memory_bytes=GB)
    passing = take_turns([waiting("large", 1, memory_bytes=9 * GB), small], oak, room)
    assert (passing.starts, passing.passed) == ("small", ("large",))
    patient = waiting("large", 1, memory_bytes=9 * GB, overtaken=OVERTAKINGS)
    assert take_turns([patient, small], oak, room).starts is None


def test_one_that_pauses_after_a_loss_keeps_its_slot_and_holds_up_no_other() -> None:
    runs = [waiting("lost", 1), waiting("next", 2)]
    assert take_turns(runs, (), Capacity(runs_at_once=1), pausing={"lost"}).starts is None
    beside = take_turns(runs, (), Capacity(runs_at_once=2), pausing={"lost"})
    assert (beside.starts, beside.passed) == ("next", ())


@given(priorities=st.lists(st.sampled_from(Priority), min_size=1, max_size=12))
def test_every_run_starts_in_the_end_however_many_come_after_it(priorities: list[Priority]) -> None:
    """A new run of the highest priority arrives after every start, and still the first ones get their turn."""
    queue = {f"r{n}": waiting(f"r{n}", n, priority=priority) for n, priority in enumerate(priorities)}
    first, ticket = set(queue), len(queue)
    for _ in range(3 * OVERTAKINGS + len(priorities) + 1):
        turn = take_turns(list(queue.values()), (), Capacity())
        assert turn.starts is not None
        del queue[turn.starts]
        for name in turn.passed:
            queue[name] = queue[name].model_copy(update={"overtaken": queue[name].overtaken + 1})
        queue[f"r{ticket}"] = waiting(f"r{ticket}", ticket, priority=Priority.HIGH)
        ticket += 1
    assert first.isdisjoint(queue)
