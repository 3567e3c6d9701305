"""The peer of resume, in its own environment: a script with TRL is killed, and started again."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import transformers
import trl
from datasets import Dataset
from measures import write_measure
from trl_sft import lora_config, work_of


class Telling(transformers.TrainerCallback):
    """One line for each step that is done."""

    def on_step_end(self, args, state, control, **more):
        with open("steps.txt", "a") as file:
            file.write(f"{state.global_step} {time.time()}\n")


def train(job_file: Path) -> None:
    job = json.loads(job_file.read_text())
    saving = {"save_strategy": "steps", "save_steps": job["save_steps"]}
    trainer = trl.SFTTrainer(
        model=job["model"],
        args=trl.SFTConfig(completion_only_loss=True, **{**work_of(job), **saving}),
        train_dataset=Dataset.from_list(job["rows"]),
        processing_class=transformers.AutoTokenizer.from_pretrained(job["model"]),
        peft_config=lora_config(job),
        callbacks=[Telling()],
    )
    trainer.train(resume_from_checkpoint=any(Path("trl").glob("checkpoint-*")))


def main(job_file: Path, killed_after: int, result_file: Path) -> None:
    os.chdir(mkdtemp(dir=result_file.parent))
    first = _started(job_file)
    while not (steps := _steps()) or steps[-1][0] < killed_after:
        time.sleep(0.02)
    first.kill()
    first.wait()
    died_at, before = time.time(), _steps()
    second = _started(job_file)
    while len(_steps()) == len(before):
        time.sleep(0.02)
    second.kill()
    second.wait()
    again = _steps()[len(before) :]
    went_on_at = again[0][1]
    lost = before[-1][0] - again[0][0] + 1
    write_measure(result_file, 1, went_on_at - died_at, [lost], ("trl", "transformers", "peft", "torch"))


def _started(job_file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, "train", str(job_file)])


def _steps() -> list[tuple[int, float]]:
    """Lines that were written whole: the step, and when it was done."""
    if not Path("steps.txt").exists():
        return []
    whole, _, _ = Path("steps.txt").read_text().rpartition("\n")
    return [(int(step), float(at)) for step, at in (line.split() for line in whole.splitlines())]


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
