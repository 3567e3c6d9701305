"""What docs/reliability.md says is what the last round found."""

import json
from pathlib import Path

from tests.chaos.__main__ import failures_in

ROOT = Path(__file__).parents[2]


def test_the_figures_of_the_last_round_stand_in_the_documentation() -> None:
    record = json.loads((ROOT / "docs/figures/chaos.jsonl").read_text("utf-8").splitlines()[-1])
    page = (ROOT / "docs/reliability.md").read_text("utf-8")
    workers, floors, power = record["workers_killed"], record["floors"], record["power_losses"]
    told = workers["facts_told"] + floors["acknowledged"]
    assert f"{workers['kills'] + floors['kills']:,} kills" in page
    assert f"{told:,} acknowledgements: **{workers['lost'] + floors['lost']} lost" in page
    assert f"{workers['pairs_bit_exact']:,} of {workers['runs']:,} runs equal" in page
    assert f"{power['states']:,} states" in page and f"**{power['failures']} failures**" in page
    assert record["at"][:10] in page


def test_a_round_with_a_broken_promise_is_not_taken_for_a_good_one() -> None:
    record = json.loads((ROOT / "docs/figures/chaos.jsonl").read_text("utf-8").splitlines()[-1])
    assert failures_in(record) == []
    for part, name in (("workers_killed", "lost"), ("floors", "doubled"), ("zombies", "stale_writes")):
        assert failures_in({**record, part: {**record[part], name: 1}})
    worse = {**record["checkpoint_damages"], "found": record["checkpoint_damages"]["found"] - 1}
    assert failures_in({**record, "checkpoint_damages": worse})
