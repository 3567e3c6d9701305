"""Fine-tuning, top to bottom: load, prepare, preflight, train, prove, save."""

import time
from dataclasses import replace
from pathlib import Path

import torch
from transformers import PreTrainedModel

from luthier.data.token_shelf import TokenShelf
from luthier.domain.adapters import AdaLoraSettings, LoraSettings
from luthier.domain.datasets import Example
from luthier.domain.evaluations import RewardGain
from luthier.domain.jobs import Alert, Finished, Job
from luthier.engine.adalora import RankAllocator
from luthier.engine.adapters import Adapter, attach
from luthier.engine.channel import Channel
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.devices import torch_device
from luthier.engine.eva import begin_at_inputs
from luthier.engine.forgetting import probe_loss
from luthier.engine.full import WholeModel
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.group import Group
from luthier.engine.grouping import group_of
from luthier.engine.grpo import GroupRelative
from luthier.engine.kto import Judgements
from luthier.engine.loading import LoadedBase, load_base
from luthier.engine.loftq import begin_at_rounding
from luthier.engine.loop import Bench, train
from luthier.engine.memory_use import peak_bytes
from luthier.engine.next_token import NextToken
from luthier.engine.objective import Objective, PairObjective
from luthier.engine.optimiser import Optimiser
from luthier.engine.outcome import settle_outcome
from luthier.engine.preference import Preference
from luthier.engine.preflight import preflight
from luthier.engine.preparing import PreparedData, prepare
from luthier.engine.proof import judged_pairs, prove
from luthier.engine.questions import Questions
from luthier.engine.reward import Rewards
from luthier.engine.reward_head import RewardHead
from luthier.engine.trained import Trained
from luthier.kit.files import sealed_folder, sha256_of, write_json

ANSWERS = "report/answers.json"


def finetune(
    job: Job, run_folder: Path, channel: Channel, crash: CrashPoints, shelf: TokenShelf | None = None
) -> Finished:
    """Raises Interrupted on a wish, a LuthierError when it cannot go on."""
    with group_of(job, run_folder) as group:
        bench, state = _trained(job, run_folder, channel, crash, group, shelf)
    return _proved(bench, state)


def _trained(
    job: Job, run_folder: Path, channel: Channel, crash: CrashPoints, group: Group, shelf: TokenShelf | None
) -> tuple[Bench, TrainingState]:
    channel.enter("loading")
    device = torch_device(job.settings.device)
    base = load_base(Path(job.base_folder), job.settings.precision, job.today, device)
    channel.obey()
    seed_for(job.settings.seed, 0)
    trained = trained_part(base, job)

    channel.enter("preparing")
    data = prepare(job, base.renderer, channel, shelf)
    channel.say(data.as_fact(trained.trainable_parameters))
    crash.reach("prepared")

    optimiser = optimiser_of(job, trained, data.total_steps)
    objective = objective_of(job, base, data, trained)
    if job.resume_from is None:
        begin_at_data(job, base, trained, data, channel)
        state = TrainingState()
        channel.enter("preflight")
        preflight(job, base, data, objective, run_folder, channel)
    else:
        state = restore(Path(job.resume_from), job, trained, optimiser, lambda what: channel.say(_other_machine(what)))

    questions = Questions(job, base, _hoped_for(job, data))
    bench = Bench(job, run_folder, base, data, objective, trained, optimiser, channel, crash, questions, group)
    started = time.perf_counter()
    objective.begin(bench.settings_of(state.step + 1).micro_batch_tokens, channel)
    seconds = time.perf_counter() - started
    state = state.model_copy(update={"training_seconds": state.training_seconds + seconds})
    group.meet(bench.learner, data.train.lengths.tolist())
    channel.enter("training")
    state = train(bench, state)
    return bench if group.leaves_whole else _loaded_again(bench), state


def _loaded_again(bench: Bench) -> Bench:
    """With a model that lies in this process alone, and the values that were trained."""
    job, device = bench.job, torch_device(bench.job.settings.device)
    base = load_base(Path(job.base_folder), job.settings.precision, job.today, device)
    seed_for(job.settings.seed, 0)
    trained = trained_part(base, job)
    trained.parameters.values.copy_(bench.trained.parameters.values)
    trained.refresh()
    objective = objective_of(job, base, bench.data, trained)
    return replace(bench, base=base, trained=trained, objective=objective)


def _proved(bench: Bench, state: TrainingState) -> Finished:
    """The result, measured against the base and saved."""
    job, base, trained, channel = bench.job, bench.base, bench.trained, bench.channel
    result_step = settle_outcome(bench, state)

    channel.enter("evaluating")
    losses = state.held_out_losses
    answers = prove(job, base, trained, _hoped_for(job, bench.data), channel)
    measured = _before_and_after(job, losses.get(0), losses.get(result_step))
    if isinstance(bench.objective, PairObjective):
        measured["pairs"] = judged_pairs(bench.objective, trained, channel)
    measured["probe"] = probe_loss(job, base, trained, channel)
    answers = answers.model_copy(update=measured)
    channel.obey()

    channel.enter("completing")
    write_json(bench.run_folder / ANSWERS, answers.model_dump(mode="json"))
    sha256 = _save(job, trained, bench.run_folder / trained.folder_name, bench.crash)
    return Finished(
        adapter_folder=trained.folder_name,
        adapter_sha256=sha256,
        answers_file=ANSWERS,
        tokens=state.tokens,
        training_seconds=state.training_seconds,
        peak_rss_bytes=max(state.peak_rss_bytes, peak_bytes()),
    )


def _before_and_after(job: Job, base: float | None, tuned: float | None) -> dict[str, object]:
    """Held-out losses; where rewards were learnt from, a loss is a mean reward with its sign turned."""
    if job.method == "grpo" and base is not None and tuned is not None:
        return {"reward": RewardGain(base=-base, tuned=-tuned)}
    return {"base_loss": base, "tuned_loss": tuned}


def _hoped_for(job: Job, data: PreparedData) -> list[Example]:
    """Held-out examples whose answers are compared; a reward model gives none."""
    return [] if job.method == "reward" else data.model_answers


def trained_part(base: LoadedBase, job: Job) -> Trained:
    """Puts on `base` what this job trains. Random values follow from the seed that was set before."""
    fused, whole = job.settings.kernels == "fused", job.adapter.kind == "full"
    head = RewardHead(base.model, base.model.dtype if whole else torch.float32) if job.method == "reward" else None
    if not whole:
        return attach(base.model, job.adapter, fused=fused, head=head)
    if fused:
        fuse_layers(base.model)
    folder, device = Path(job.base_folder), base.model.device

    def as_it_came() -> PreTrainedModel:
        return load_base(folder, job.settings.precision, job.today, device).model

    return WholeModel(base.model, folder, as_it_came, head)


def begin_at_data(job: Job, base: LoadedBase, trained: Trained, data: PreparedData, channel: Channel) -> None:
    """What begins at values that follow from examples or files; a checkpoint holds them afterwards."""
    if not isinstance(trained, Adapter) or not isinstance(job.adapter, LoraSettings):
        return
    match job.adapter.init:
        case "eva":
            begin_at_inputs(base, trained, job.adapter.rank, data.train, job.settings, channel)
        case "loftq":
            begin_at_rounding(trained.lora_layers(), trained.parameters, Path(job.base_folder), channel)


def optimiser_of(job: Job, trained: Trained, total_steps: int) -> Optimiser:
    ranks = None
    if isinstance(job.adapter, AdaLoraSettings):
        ranks = RankAllocator(trained.parameters, job.adapter, total_steps)
    return Optimiser(trained.parameters, job.settings, total_steps, ranks)


def objective_of(job: Job, base: LoadedBase, data: PreparedData, trained: Trained) -> Objective:
    if data.pairs is not None and trained.head is not None:
        return Rewards(base, trained.head, job.settings, data.pairs, data.held_out_pairs)
    if data.pairs is not None:
        return Preference(job, base, trained, data.pairs, data.held_out_pairs)
    if data.judged is not None:
        return Judgements(job, base, trained, data.judged, data.held_out_judged)
    if job.method == "grpo":
        return GroupRelative(job, base, trained, data)
    return NextToken(base, data, job.settings)


def _save(job: Job, trained: Trained, folder: Path, crash: CrashPoints) -> str:
    with sealed_folder(folder, {"base": job.base_name, "base_revision": job.base_revision}) as staging:
        trained.write(staging, job.base_name, job.base_revision)
        crash.reach("adapter_staged")
    crash.reach("adapter_published")
    return sha256_of(folder / trained.weights_name)


def _other_machine(what: str) -> Alert:
    return Alert(
        code="runs.resumed_elsewhere",
        sentence=f"This run goes on with other {what} than before, so its losses follow closely but not bit for bit.",
    )
