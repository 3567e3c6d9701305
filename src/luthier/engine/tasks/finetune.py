"""Fine-tuning, top to bottom: load, prepare, preflight, train, prove, save."""

from pathlib import Path

from luthier.domain.jobs import Alert, Finished, Job
from luthier.engine.adapters import Adapter, attach
from luthier.engine.channel import Channel
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.memory_use import peak_rss_bytes
from luthier.engine.optimiser import Optimiser
from luthier.engine.preflight import preflight
from luthier.engine.preparing import prepare
from luthier.engine.proof import prove
from luthier.kit.files import sealed_folder, sha256_of, write_json

ANSWERS = "report/answers.json"
ADAPTER = "adapter"


def finetune(job: Job, run_folder: Path, channel: Channel, crash: CrashPoints) -> Finished:
    """Raises Interrupted on a wish, a LuthierError when it cannot go on."""
    channel.enter("loading")
    base = load_base(Path(job.base_folder), job.settings.precision, job.today)
    channel.obey()
    seed_for(job.settings.seed, 0)
    adapter = attach(base.model, job.adapter, fused=job.settings.kernels == "fused")

    channel.enter("preparing")
    data = prepare(job, base.renderer, channel)
    channel.say(data.as_fact(adapter.trainable_parameters))
    crash.reach("prepared")

    optimiser = Optimiser(adapter.parameters, job.settings, data.total_steps)
    if job.resume_from is None:
        state = TrainingState()
        channel.enter("preflight")
        preflight(job, base, data, run_folder, channel)
    else:
        state = restore(Path(job.resume_from), job, adapter, optimiser, lambda what: channel.say(_other_machine(what)))

    channel.enter("training")
    state = train(Bench(job, run_folder, base, data, adapter, optimiser, channel, crash), state)

    channel.enter("evaluating")
    losses = state.held_out_losses
    answers = prove(job, base, adapter, data.held_out_examples, channel)
    answers = answers.model_copy(update={"base_loss": losses.get(0), "tuned_loss": losses.get(state.step)})
    channel.obey()

    channel.enter("completing")
    write_json(run_folder / ANSWERS, answers.model_dump(mode="json"))
    adapter_sha256 = _save_adapter(job, adapter, run_folder / ADAPTER, crash)
    return Finished(
        adapter_folder=ADAPTER,
        adapter_sha256=adapter_sha256,
        answers_file=ANSWERS,
        tokens=state.tokens,
        training_seconds=state.training_seconds,
        peak_rss_bytes=max(state.peak_rss_bytes, peak_rss_bytes()),
    )


def _save_adapter(job: Job, adapter: Adapter, folder: Path, crash: CrashPoints) -> str:
    with sealed_folder(folder, {"base": job.base_name, "base_revision": job.base_revision}) as staging:
        adapter.write(staging, job.base_name, job.base_revision)
        crash.reach("adapter_staged")
    crash.reach("adapter_published")
    return sha256_of(folder / "adapter_model.safetensors")


def _other_machine(what: str) -> Alert:
    return Alert(
        code="runs.resumed_elsewhere",
        sentence=f"This run goes on with other {what} than before, so its losses follow closely but not bit for bit.",
    )
