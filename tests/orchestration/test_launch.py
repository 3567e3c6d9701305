"""What a worker sees of the machine is what its run was given."""

from luthier.orchestration.launch import only_gpu


def test_a_worker_sees_the_gpu_of_its_run_and_no_other() -> None:
    assert only_gpu(1, "cuda", {})["CUDA_VISIBLE_DEVICES"] == "1"
    assert only_gpu(1, "rocm", {})["HIP_VISIBLE_DEVICES"] == "1"


def test_gpus_are_counted_among_those_that_the_supervisor_may_use() -> None:
    shown = {"CUDA_VISIBLE_DEVICES": "5, GPU-8a1f"}
    assert only_gpu(0, "cuda", shown)["CUDA_VISIBLE_DEVICES"] == "5"
    assert only_gpu(1, "cuda", shown)["CUDA_VISIBLE_DEVICES"] == "GPU-8a1f"


def test_where_there_is_nothing_to_choose_nothing_is_set() -> None:
    assert only_gpu(0, "mps", {}) == {}
