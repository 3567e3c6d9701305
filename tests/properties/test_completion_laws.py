"""Law 30: whatever a run went through, its completion gives one version that says where it comes from."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.run_states import RunState
from tests.services.shops import Shop
from tests.services.test_reindexing import finish

_LIFE = st.lists(st.sampled_from(["work", "the worker dies", "the supervisor dies"]), max_size=10).filter(
    lambda life: life.count("the worker dies") <= 2  # the third one in a row is a failure
)


@settings(max_examples=12)
@given(_LIFE)
def test_a_completed_run_is_one_version_with_all_that_is_known_of_it(life: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        shop = Shop(Path(root) / "home")
        try:
            complete_after(shop, life)
            check(shop)
        finally:
            shop.workspace.close()


def complete_after(shop: Shop, life: list[str]) -> None:
    for what in life:
        if what == "the worker dies":
            for worker in shop.host.workers:
                worker.alive = False
        elif what == "the supervisor dies":
            shop.host.restart()
        shop.tick()
    for _ in range(100):  # seconds, in which every attempt that waits has begun
        if any(worker.acts and worker.step for worker in shop.host.workers):
            break
        shop.tick()
    finish(shop)


def check(shop: Shop) -> None:
    run = shop.workspace.runs.get(shop.run.run_id)
    assert run.state is RunState.COMPLETED
    (version,) = shop.workspace.versions.list()
    assert (version.version_id, version.run_id) == (run.version_id, run.run_id)
    assert (version.base_name, version.base_revision, version.licence) == (
        run.recipe.base,
        run.base_revision,
        run.base_licence,
    )
    assert (version.recipe, version.dataset_id) == (run.recipe, shop.dataset.dataset_id)
    assert version.data_sha256.keys() == {"train"}
    assert {"python", "system", "luthier"} <= version.environment.keys()
    assert version.adapter_sha256 == "ab"
    assert version.summary
    assert str(version.order) == version.number == "0.1.0"
