"""The result that a run would have had if it had ended at a checkpoint, in the format that other tools expect."""

from pathlib import Path

from luthier.domain.jobs import Job
from luthier.engine.checkpoints import take_values
from luthier.engine.determinism import seed_for
from luthier.engine.loading import load_base
from luthier.engine.tasks.finetune import trained_part
from luthier.kit.files import sealed_folder, sha256_of


def write_result_of_step(job: Job, checkpoint: Path, target: Path) -> None:
    """`target` says of which checkpoint it is. What is drawn and not trained follows from the seed, as in training."""
    base = load_base(Path(job.base_folder), job.settings.precision, job.today)
    seed_for(job.settings.seed, 0)
    trained = trained_part(base, job)
    take_values(checkpoint, trained)
    with sealed_folder(target, {"checkpoint": sha256_of(checkpoint / "manifest.json")}) as staging:
        trained.write(staging, job.base_name, job.base_revision)
