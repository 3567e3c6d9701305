"""A run's page while the run goes on: what the stream of events changes, and what it does when it breaks off."""

from datetime import UTC, datetime
from time import sleep
from typing import Any

import pytest
from playwright.sync_api import expect

from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.store import Store
from tests.builders import a_checkpoint
from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def tell(store: Store, run: Run, kind: str, **body: Any) -> None:
    with store.writing() as tx:
        tx.events.append(kind, run.run_id, "worker", body, datetime.now(UTC))


def step(store: Store, run: Run, number: int) -> None:
    figures = {"learning_rate": 5e-4, "gradient_norm": 0.42, "tokens": 700, "supervised_tokens": 300, "seconds": 2.9}
    more = {"epoch": 1.2, "tokens_per_second": 287.0, "rss_bytes": 2_200_000_000, "seconds_left": [60.0, 80.0]}
    tell(store, run, "run.step", step=number, total_steps=run.total_steps, loss=0.0777, **figures, **more)


def test_a_step_changes_the_figures_the_ring_and_the_title(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    page = visitor.page
    expect(page.locator(".uplot")).to_be_visible()
    step(store, run, 45)
    expect(page.locator('[data-fact="step"]')).to_have_text("45 of 60")
    expect(page.locator('[data-fact="loss"]')).to_have_text("0.0777")
    expect(page.locator('[data-fact="left"]')).to_have_text("60 to 80 s")
    expect(page.locator('[data-fact="memory"]')).to_have_text("2.2 GB")
    expect(page.get_by_role("progressbar", name="Progress", exact=True)).to_have_attribute("aria-valuenow", "75")
    assert page.title().startswith("75 %")


@pytest.mark.parametrize("late", ["run-figures", "loss-chart", "live"])
def test_nothing_is_lost_before_a_script_has_come(visitor: Visitor, little: Scene, store: Store, late: str) -> None:
    run = little.runs["running"]
    page = visitor.page
    page.route(f"**/behaviours/{late}.js*", lambda route: (step(store, run, 50), sleep(1), route.continue_()))
    visitor.open(f"/runs/{run.run_id}")
    expect(page.locator('[data-fact="step"]')).to_have_text("50 of 60")
    expect(page.locator(".uplot")).to_be_visible()


def test_buckets_that_come_late_do_not_undo_the_steps_that_came_meanwhile(visitor: Visitor, little: Scene) -> None:
    visitor.open(f"/runs/{little.runs['running'].run_id}")
    steps = visitor.page.evaluate("""async () => {
      const chart = document.querySelector('script[src*="loss-chart"]').src;
      const { Curve } = await import(chart.replace("loss-chart", "curve"));
      const buckets = [{ name: "loss", bucket_steps: 1, buckets: [[1, 1, 1, 3, 3, 3], [2, 2, 1, 2, 2, 2]], zones: [] }];
      const curve = new Curve();
      for (const step of [2, 3, 4]) curve.addStep(step, 1);
      curve.load(buckets, false);
      const whole = curve.table(0)[0];
      curve.load(buckets, true);
      return [whole, curve.table(0)[0]];
    }""")
    assert steps == [[1, 2, 3, 4], [1, 2]]


def test_a_change_of_state_draws_the_head_anew(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    page = visitor.page
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.PAUSED}))
    tell(store, run, "run.state", state="paused", move="park", cause="parked at step 34")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_a_checkpoint_and_an_alert_appear_by_themselves(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    with store.writing() as tx:
        tx.checkpoints.put(a_checkpoint(run.run_id, 45))
    tell(store, run, "run.checkpoint", step=45, bytes=59_000_000, why="interval", seconds=0.4, folder="checkpoints/x")
    expect(visitor.page.locator("#run-checkpoints").get_by_role("cell", name="45", exact=True)).to_be_visible()
    tell(store, run, "run.alert", code="health.stall", sentence="No step came for a minute.", actions=[], step=45)
    expect(visitor.page.get_by_text("No step came for a minute.")).to_be_visible()


def test_pausing_from_the_page_shows_the_new_state(visitor: Visitor, little: Scene) -> None:
    visitor.open(f"/runs/{little.runs['running'].run_id}")
    visitor.page.get_by_role("button", name="Pause").click()
    expect(visitor.page.locator("#run-header .state").first).to_have_text("pausing")


def test_cancelling_asks_first(visitor: Visitor, little: Scene) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    page = visitor.page
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("are thrown away")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("are thrown away")).to_be_hidden()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#run-header .state").first).to_have_text("cancelled")


def test_the_chart_can_be_smoothed_and_made_logarithmic(visitor: Visitor, little: Scene) -> None:
    visitor.open(f"/runs/{little.runs['completed'].run_id}")
    page = visitor.page
    canvas = page.locator(".uplot canvas")
    expect(canvas).to_be_visible()
    plain = canvas.evaluate("(c) => c.toDataURL()")
    page.get_by_label("Log scale").check()
    logarithmic = page.locator(".uplot canvas").evaluate("(c) => c.toDataURL()")
    assert logarithmic != plain
    page.get_by_label("Smoothing").fill("0.9")
    assert page.locator(".uplot canvas").evaluate("(c) => c.toDataURL()") != logarithmic


def test_a_closer_look_at_a_long_curve_brings_finer_buckets(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    with store.writing() as tx:
        tx.metrics.put(run.run_id, (MetricPoint(step=step, name="loss", value=9 / step) for step in range(1, 40_001)))
    visitor.open(f"/runs/{run.run_id}")
    chart = visitor.page.locator("[data-chart]")
    expect(chart).to_have_attribute("data-bucket-steps", "64")
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    mouse = visitor.page.mouse
    mouse.move(box["x"] + 100, box["y"] + 50)
    mouse.down()
    mouse.move(box["x"] + 108, box["y"] + 50, steps=4)
    mouse.up()
    expect(chart).to_have_attribute("data-bucket-steps", "1")
    chart.locator(".u-over").dblclick()
    expect(chart).to_have_attribute("data-bucket-steps", "64")
    chart.get_by_label("Show").select_option("the newest hundredth")
    expect(chart).to_have_attribute("data-bucket-steps", "1")


def test_a_loss_that_climbs_is_called_rising(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    with store.writing() as tx:
        tx.metrics.put(run.run_id, (MetricPoint(step=step, name="loss", value=step) for step in range(1, 400)))
    visitor.open(f"/runs/{run.run_id}")
    expect(visitor.page.locator("[data-trend]")).to_have_text("rising since step 1")


def test_new_answers_to_the_samples_appear_by_themselves(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    expect(visitor.page.get_by_text("Samples over time")).to_have_count(0)
    tell(store, run, "run.answer", step=15, row=3, prompt="Twelve pegs?", expected="12", text="Surely.")
    expect(visitor.page.locator("#run-answers")).to_contain_text("Surely.")


def test_the_curve_is_there_without_any_script(chrome: Any, visitor: Visitor, little: Scene) -> None:
    context = chrome.new_context(java_script_enabled=False, storage_state=visitor.page.context.storage_state())
    page = context.new_page()
    page.goto(f"{visitor.url}/runs/{little.runs['completed'].run_id}")
    expect(page.locator(".chart .curve path")).to_be_visible()
    expect(page.get_by_text("57 of 60 right")).to_be_visible()
    expect(page.locator("[data-log]")).to_contain_text("step 59: loss")
    context.close()
