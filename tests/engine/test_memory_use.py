from luthier.engine.memory_use import POOL_BYTES
from luthier.planning.facts import worker_environment


def test_the_pool_is_set_back_to_what_a_worker_is_started_with() -> None:
    started = {variable.name: variable.value for variable in worker_environment().variables}
    assert started["MALLOC_TOP_PAD_"] == str(POOL_BYTES)
