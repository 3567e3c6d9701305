"""Fine-tuning, top to bottom: load, prepare, preflight, train, prove, save."""

from pathlib import Path

from luthier.domain.jobs import Alert, Finished, Job
from luthier.engine.adapters import attach
from luthier.engine.channel import Channel
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.full import WholeModel
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.loading import LoadedBase, load_base
from luthier.engine.loop import Bench, train
from luthier.engine.memory_use import peak_rss_bytes
from luthier.engine.next_token import NextToken
from luthier.engine.objective import Objective
from luthier.engine.optimiser import Optimiser
from luthier.engine.preference import Preference
from luthier.engine.preflight import preflight
from luthier.engine.preparing import PreparedData, prepare
from luthier.engine.proof import judged_pairs, prove
from luthier.engine.questions import Questions
from luthier.engine.trained import Trained
from luthier.kit.files import sealed_folder, sha256_of, write_json

ANSWERS = "report/answers.json"


def finetune(job: Job, run_folder: Path, channel: Channel, crash: CrashPoints) -> Finished:
    """Raises Interrupted on a wish, a LuthierError when it cannot go on."""
    channel.enter("loading")
    base = load_base(Path(job.base_folder), job.settings.precision, job.today)
    channel.obey()
    seed_for(job.settings.seed, 0)
    trained = trained_part(base, job)

    channel.enter("preparing")
    data = prepare(job, base.renderer, channel)
    channel.say(data.as_fact(trained.trainable_parameters))
    crash.reach("prepared")

    optimiser = Optimiser(trained.parameters, job.settings, data.total_steps)
    if job.resume_from is None:
        state = TrainingState()
        channel.enter("preflight")
        preflight(job, base, data, run_folder, channel)
    else:
        state = restore(Path(job.resume_from), job, trained, optimiser, lambda what: channel.say(_other_machine(what)))

    objective = objective_of(job, base, data, trained)
    questions = Questions(job, base, data.held_out_examples)
    bench = Bench(job, run_folder, base, data, objective, trained, optimiser, channel, crash, questions)
    objective.begin(bench.settings_of(state.step + 1).micro_batch_tokens, channel)
    channel.enter("training")
    state = train(bench, state)

    channel.enter("evaluating")
    losses = state.held_out_losses
    answers = prove(job, base, trained, data.held_out_examples, channel)
    measured: dict[str, object] = {"base_loss": losses.get(0), "tuned_loss": losses.get(state.step)}
    if isinstance(objective, Preference):
        measured["pairs"] = judged_pairs(objective, trained, channel)
    answers = answers.model_copy(update=measured)
    channel.obey()

    channel.enter("completing")
    write_json(run_folder / ANSWERS, answers.model_dump(mode="json"))
    sha256 = _save(job, trained, run_folder / trained.folder_name, crash)
    return Finished(
        adapter_folder=trained.folder_name,
        adapter_sha256=sha256,
        answers_file=ANSWERS,
        tokens=state.tokens,
        training_seconds=state.training_seconds,
        peak_rss_bytes=max(state.peak_rss_bytes, peak_rss_bytes()),
    )


def trained_part(base: LoadedBase, job: Job) -> Trained:
    """Puts on `base` what this job trains. Random values follow from the seed that was set before."""
    fused = job.settings.kernels == "fused"
    if job.adapter.kind != "full":
        return attach(base.model, job.adapter, fused=fused)
    if fused:
        fuse_layers(base.model)
    folder = Path(job.base_folder)
    return WholeModel(base.model, folder, lambda: load_base(folder, job.settings.precision, job.today).model)


def objective_of(job: Job, base: LoadedBase, data: PreparedData, trained: Trained) -> Objective:
    if data.pairs is not None:
        return Preference(job, base, trained, data.pairs, data.held_out_pairs)
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
