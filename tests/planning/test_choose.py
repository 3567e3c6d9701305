import pytest

from luthier.domain.adapters import (
    AdaLoraSettings,
    AdapterSettings,
    DoraSettings,
    FourBitsWanted,
    FullSettings,
    Ia3Settings,
    KernelsUnknown,
    LoraSettings,
    QuantisedBaseFrozen,
    VeraSettings,
)
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Decision, Plan
from luthier.domain.recipes import (
    PREFERENCE_METHODS,
    EvaluationSpec,
    ProcessesUnused,
    ShardingUnusable,
    TrainingSettings,
)
from luthier.planning.choose import make_plan
from luthier.planning.knowledge import Knowledge
from tests.builders import a_machine, a_model_shape, a_recipe, an_8b_shape, data_facts


def plan_for(facts: DataFacts | None = None, shape: ModelShape | None = None, **recipe: object) -> Plan:
    return make_plan(a_recipe(**recipe), a_machine(libc="glibc"), shape or a_model_shape(), facts or data_facts())


def decision(plan: Plan, name: str) -> Decision:
    [found] = [each for each in plan.decisions if each.name == name]
    return found


OTHER_KINDS = (
    AdaLoraSettings(kind="adalora"),
    VeraSettings(kind="vera"),
    Ia3Settings(kind="ia3"),
)


@pytest.mark.parametrize(
    "adapter", [LoraSettings(rank=8), DoraSettings(kind="dora"), FullSettings(kind="full"), *OTHER_KINDS]
)
def test_every_value_of_the_plan_has_exactly_one_decision_that_says_the_same(adapter: AdapterSettings) -> None:
    plan = plan_for(settings={"seed": 9}, adapter=adapter, evaluation=EvaluationSpec(examples=10))
    expected = {
        **plan.settings.model_dump(),
        **{f"adapter.{name}": value for name, value in plan.adapter.model_dump().items()},
        **{f"evaluation.{name}": value for name, value in plan.evaluation.model_dump().items()},
        **{f"environment.{name}": value for name, value in plan.environment.items()},
    }
    assert {each.name: each.value for each in plan.decisions} == expected
    assert len(plan.decisions) == len(expected)


def test_every_reason_is_a_sentence() -> None:
    for each in plan_for().decisions:
        assert not each.reason[0].islower(), each
        assert each.reason.endswith("."), each


PINS = {
    "epochs": 1.5,
    "max_steps": 20,
    "batch_size": 3,
    "micro_batch_tokens": 500,
    "max_length": 100,
    "overlong": "refuse",
    "learning_rate": 3e-5,
    "schedule": "cosine",
    "warmup_ratio": 0.2,
    "weight_decay": 0.01,
    "adam_beta1": 0.8,
    "adam_beta2": 0.95,
    "adam_epsilon": 1e-6,
    "max_gradient_norm": 0.5,
    "seed": 77,
    "train_on": "everything",
    "precision": "fp32",
    "kernels": "reference",
    "checkpoint_every": 7,
    "keep_checkpoints": 5,
    "evaluate_every": 9,
    "gradient_checkpointing": True,
    "processes": 2,
    "parallelism": "ddp",
    "optimiser": "adamw_8bit",
    "device": "cpu",
    "preference_beta": 0.3,
    "preference_margin": 1.5,
    "desirable_weight": 1.2,
    "undesirable_weight": 0.8,
    "keep_best": True,
    "early_stopping_patience": 3,
    "early_stopping_threshold": 0.01,
    "group_size": 6,
    "answer_tokens": 100,
    "kl_weight": 0.2,
}


def test_the_pins_of_this_file_cover_every_setting() -> None:
    assert set(PINS) == set(TrainingSettings.model_fields)


@pytest.mark.parametrize("name", PINS)
def test_a_pinned_setting_is_kept_and_the_rest_is_planned_around_it(name: str) -> None:
    plan = plan_for(settings={name: PINS[name]})
    assert getattr(plan.settings, name) == PINS[name]
    assert decision(plan, name).source == "recipe"
    assert [each.name for each in plan.decisions if each.source == "recipe"] == [name]


def test_a_recipe_that_pins_everything_is_followed_to_the_letter() -> None:
    assert plan_for(settings=PINS).settings == TrainingSettings(**PINS)


def test_the_scale_of_the_adapter_follows_a_pinned_rank_unless_it_is_pinned_too() -> None:
    assert plan_for(adapter=LoraSettings(rank=64)).adapter.alpha == 128
    assert plan_for(adapter=LoraSettings(rank=64, alpha=16)).adapter.alpha == 16


def test_targets_that_are_named_are_kept() -> None:
    plan = plan_for(adapter=LoraSettings(targets=("q_proj", "v_proj")))
    assert plan.adapter.targets == ("q_proj", "v_proj")
    assert decision(plan, "adapter.targets").value == "q_proj, v_proj"


@pytest.mark.parametrize("adapter", OTHER_KINDS)
def test_a_kind_without_fused_kernels_gets_the_reference_ones_and_says_so_when_others_are_pinned(
    adapter: AdapterSettings,
) -> None:
    assert plan_for(adapter=adapter).settings.kernels == "reference"
    with pytest.raises(KernelsUnknown, match=adapter.kind):
        plan_for(adapter=adapter, settings={"kernels": "fused"})


def test_a_base_in_four_bits_carries_adapters_but_is_not_trained_itself() -> None:
    assert plan_for(settings={"precision": "nf4"}).settings.kernels == "reference"
    with pytest.raises(QuantisedBaseFrozen, match="nf4"):
        plan_for(adapter=FullSettings(kind="full"), settings={"precision": "nf4"})


def optimiser_bytes(plan: Plan) -> float:
    [part] = [each for each in plan.memory.components if each.name == "optimiser"]
    return part.low


def test_moments_in_eight_bits_take_a_quarter_of_the_memory_and_are_never_chosen_by_themselves() -> None:
    full = FullSettings(kind="full")
    plain, eight = plan_for(adapter=full), plan_for(adapter=full, settings={"optimiser": "adamw_8bit"})
    assert plain.settings.optimiser == "adamw"
    assert optimiser_bytes(eight) == pytest.approx(optimiser_bytes(plain) / 4, rel=0.02)
    assert eight.disk.low < plain.disk.low


def test_adaloras_first_rank_and_memory_follow_from_its_rank() -> None:
    plan = plan_for(adapter=AdaLoraSettings(kind="adalora", rank=32))
    assert plan.adapter == AdaLoraSettings(kind="adalora", rank=32, first_rank=48, alpha=96)
    plain = plan_for(adapter=LoraSettings(rank=48))

    assert optimiser_bytes(plan) == pytest.approx(2 * optimiser_bytes(plain), rel=0.01)


def test_loftq_is_planned_in_four_bits_and_refused_where_nothing_is_left_out() -> None:
    plan = plan_for(adapter=LoraSettings(init="loftq"))
    assert (plan.settings.precision, plan.settings.kernels) == ("nf4", "reference")
    assert "four bits leave out" in decision(plan, "precision").reason
    with pytest.raises(FourBitsWanted, match="bf16"):
        plan_for(adapter=LoraSettings(init="loftq"), settings={"precision": "bf16"})


def test_full_fine_tuning_is_planned_with_a_lower_rate_and_more_memory_time_and_disk() -> None:
    adapter, full = plan_for(), plan_for(adapter=FullSettings(kind="full"))
    assert full.settings.learning_rate == adapter.settings.learning_rate / 10
    assert full.memory.low > adapter.memory.high
    assert full.duration.low > adapter.duration.low
    assert full.disk.low > adapter.disk.high


def test_four_bits_and_gradient_checkpointing_each_save_memory() -> None:
    plain = plan_for().memory.low
    assert plan_for(settings={"gradient_checkpointing": True}).memory.low < plain
    base = {"kernels": "reference"}
    assert plan_for(settings={"precision": "nf4", **base}).memory.low < plan_for(settings=base).memory.low


@pytest.mark.parametrize("method", sorted(PREFERENCE_METHODS))
def test_methods_on_pairs_learn_slowly_and_are_proved_by_held_out_pairs(method: str) -> None:
    plan = plan_for(method=method)
    assert plan.settings.learning_rate == plan_for().settings.learning_rate / 20
    assert plan.evaluation.scorer == "preference"
    assert plan.settings.preference_beta == (2.0 if method == "simpo" else 0.1)


@pytest.mark.parametrize(
    ("share", "good", "bad"),
    [(0.5, 1.0, 1.0), (0.57, 1.0, 1.0), (0.8, 1.0, 4.0), (0.2, 4.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0)],
)
def test_the_rarer_side_of_judged_answers_gets_more_weight(share: float, good: float, bad: float) -> None:
    settings = plan_for(data_facts(desirable_share=share), method="kto").settings
    assert (settings.desirable_weight, settings.undesirable_weight) == pytest.approx((good, bad))


def test_kto_puts_enough_answers_into_a_batch_to_measure_its_point_of_zero() -> None:
    assert plan_for(method="kto").settings.batch_size == 16
    assert plan_for(data_facts(examples=5), method="kto").settings.batch_size == 5


def test_a_reward_model_is_planned_to_be_proved_by_pairs_and_asked_for_no_answer() -> None:
    evaluation = plan_for(method="reward").evaluation
    assert (evaluation.scorer, evaluation.samples, evaluation.examples) == ("preference", 0, 0)


def test_a_large_base_gets_a_lower_learning_rate_than_a_small_one() -> None:
    small = plan_for().settings.learning_rate
    large = make_plan(a_recipe(), a_machine(available_bytes=10**11), an_8b_shape(), data_facts()).settings.learning_rate
    assert (small, large) == (1e-3, 2e-4)


@pytest.mark.parametrize(
    ("examples", "epochs", "batch_size", "steps"),
    [(3, 3, 1, 9), (30, 3, 2, 45), (240, 3, 8, 90), (999, 3, 8, 375), (1000, 2, 8, 250), (10_000, 1, 8, 1250)],
)
def test_more_examples_are_seen_less_often(examples: int, epochs: float, batch_size: int, steps: int) -> None:
    plan = plan_for(data_facts(examples=examples))
    assert (plan.settings.epochs, plan.settings.batch_size, plan.total_steps) == (epochs, batch_size, steps)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"max_steps": 20}, 20),
        ({"max_steps": 200}, 200),
        ({"epochs": 0.5}, 15),
        ({"epochs": 0.01}, 1),
        ({"epochs": 1.01}, 31),
        ({"epochs": 1, "max_steps": 200}, 30),
        ({"batch_size": 7, "epochs": 1}, 35),
    ],
)
def test_the_number_of_steps_is_counted_in_whole_batches(settings: dict[str, float], steps: int) -> None:
    assert plan_for(settings=settings).total_steps == steps


def test_continued_pre_training_learns_everything_and_scores_nothing() -> None:
    plan = plan_for(method="cpt")
    assert plan.settings.train_on == "everything"
    assert plan.evaluation.scorer == "off"


@pytest.mark.parametrize(
    ("facts", "scorer", "examples"),
    [
        (data_facts(), "json", 60),
        (data_facts(answers_are_json=False, answer_tokens_max=12), "exact", 60),
        (data_facts(answers_are_json=False, answer_tokens_max=300), "off", 3),
        (data_facts(held_out=0), "off", 0),
        (data_facts(held_out=500), "json", 100),
    ],
)
def test_the_proof_fits_the_answers(facts: DataFacts, scorer: str, examples: int) -> None:
    evaluation = plan_for(facts).evaluation
    assert (evaluation.scorer, evaluation.examples) == (scorer, examples)


def test_an_answer_has_room_to_be_longer_than_any_that_was_seen() -> None:
    assert plan_for(data_facts(answer_tokens_max=60)).evaluation.max_new_tokens >= 60 * 1.25


def test_a_wish_for_more_held_out_answers_than_there_are_is_cut_to_what_there_is() -> None:
    plan = plan_for(data_facts(held_out=5), evaluation=EvaluationSpec(examples=50))
    assert plan.evaluation.examples == 5


def test_checkpoints_and_measurements_come_during_training_not_only_after_it() -> None:
    for count in (40, 240, 5000, 100_000):
        plan = plan_for(data_facts(examples=count))
        assert plan.settings.checkpoint_every <= max(1, plan.total_steps // 4)
        assert plan.settings.evaluate_every < plan.total_steps


def test_a_slow_machine_saves_as_often_as_a_fast_one_in_seconds_not_in_steps() -> None:
    facts = data_facts(examples=100_000)
    slow = make_plan(a_recipe(), a_machine(cores=1, cpu_features=("avx2",)), a_model_shape(), facts)
    fast = make_plan(a_recipe(), a_machine(cores=64), a_model_shape(), facts)
    assert slow.settings.checkpoint_every < fast.settings.checkpoint_every


def test_the_worker_uses_as_many_threads_as_it_may_have_cores() -> None:
    plan = make_plan(a_recipe(), a_machine(cores=6), a_model_shape(), data_facts())
    assert plan.environment["OMP_NUM_THREADS"] == plan.environment["MKL_NUM_THREADS"] == "6"


def test_glibc_is_tuned_only_where_there_is_glibc() -> None:
    tuned = make_plan(a_recipe(), a_machine(libc="glibc"), a_model_shape(), data_facts()).environment
    other = make_plan(a_recipe(), a_machine(libc=""), a_model_shape(), data_facts()).environment
    assert set(tuned) - set(other) == {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"}


@pytest.mark.parametrize(
    ("recipe", "facts", "code"),
    [
        ({"settings": {"learning_rate": 0.01}}, data_facts(), "plan.learning_rate_high"),
        ({"settings": {"epochs": 20}}, data_facts(), "plan.epochs_many"),
        ({"settings": {"max_length": 10_000}}, data_facts(), "plan.beyond_context"),
        ({}, data_facts(examples=12), "plan.few_examples"),
        ({"settings": {"max_length": 64}}, data_facts(), "plan.examples_overlong"),
    ],
)
def test_what_is_seldom_wanted_is_warned_of(recipe: dict[str, object], facts: DataFacts, code: str) -> None:
    assert code in [finding.code for finding in plan_for(facts, **recipe).warnings]


def test_a_full_disk_is_warned_of_before_it_is_full() -> None:
    plan = make_plan(a_recipe(), a_machine(disk_free_bytes=1000), a_model_shape(), data_facts())
    assert [finding.code for finding in plan.warnings] == ["plan.disk_short"]


def test_an_ordinary_plan_warns_of_nothing() -> None:
    assert plan_for().warnings == ()


def test_a_plan_survives_being_written_and_read() -> None:
    plan = plan_for()
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_runs_that_work_at_once_are_planned_with_a_share_of_the_cores_each() -> None:
    shared = [
        make_plan(a_recipe(), a_machine(cores=7), a_model_shape(), data_facts(), Knowledge(runs_at_once=slots))
        for slots in (1, 2, 8)
    ]
    assert [plan.cores for plan in shared] == [7, 3, 1]
    assert [plan.environment["OMP_NUM_THREADS"] for plan in shared] == ["7", "3", "1"]
    assert shared[0].duration.middle < shared[1].duration.middle < shared[2].duration.middle


def test_each_process_holds_the_base_has_its_share_of_the_cores_and_is_counted() -> None:
    one, two = plan_for(), plan_for(settings={"processes": 2})
    parts = ({part.name: part.high for part in plan.memory.components} for plan in (one, two))
    alone, together = parts
    assert together["weights"] == 2 * alone["weights"]
    assert together["optimiser"] == alone["optimiser"]
    assert together["activations"] < 2 * alone["activations"]
    assert int(two.environment["OMP_NUM_THREADS"]) == int(one.environment["OMP_NUM_THREADS"]) // 2
    assert two.settings.processes == 2


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_processes_that_divide_the_layers_hold_the_base_about_once(kind: str) -> None:
    pins = {"processes": 4, "kernels": "reference", "precision": "fp32"}
    whole, parts = (
        plan_for(adapter={"kind": kind}, settings={**pins, "parallelism": each}) for each in ("ddp", "fsdp")
    )
    held = [{part.name: part.high for part in plan.memory.components} for plan in (whole, parts)]
    assert held[1]["weights"] < 0.6 * held[0]["weights"]
    assert parts.memory.high < whole.memory.high
    assert plan_for(settings={"processes": 2, "parallelism": "fsdp"}).settings.kernels == "reference"


@pytest.mark.parametrize(
    ("method", "settings", "why"),
    [
        ("sft", {"processes": 1}, "the run has one process"),
        ("dpo", {"processes": 2}, "train with dpo take passes of their own"),
        ("sft", {"processes": 2, "precision": "nf4"}, "a base in nf4 cannot be cut"),
    ],
)
def test_layers_that_cannot_be_divided_are_refused(method: str, settings: dict[str, object], why: str) -> None:
    with pytest.raises(ShardingUnusable, match=why):
        plan_for(method=method, settings={**settings, "parallelism": "fsdp"})


def test_fused_kernels_are_refused_for_divided_layers() -> None:
    with pytest.raises(KernelsUnknown, match="divided among processes"):
        plan_for(settings={"processes": 2, "parallelism": "fsdp", "kernels": "fused"})


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ({"method": "kto", "settings": {"processes": 2}}, "kto looks at each batch as a whole"),
        ({"settings": {"processes": 4, "batch_size": 2}}, "a batch has 2 examples"),
    ],
)
def test_processes_that_would_have_nothing_to_do_are_refused(recipe: dict[str, object], why: str) -> None:
    with pytest.raises(ProcessesUnused, match=why):
        plan_for(**recipe)
