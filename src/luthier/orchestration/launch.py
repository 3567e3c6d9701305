"""Starts the two processes that outlive their parent: a workspace's supervisor and an attempt's worker."""

import json
import re
import subprocess
import time
from collections.abc import Mapping

from filelock import FileLock

from luthier.domain.machine import Device
from luthier.kit.locks import is_held
from luthier.kit.processes import start_detached
from luthier.services.attempts import Assignment
from luthier.services.folders import Folders
from luthier.settings import Settings, process_environment

# A worker handles untrusted models and data, so it is given nothing that could be a secret: only these pass.
_WORKER_MAY_SEE = re.compile(
    r"PATH|HOME|USER|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|VIRTUAL_ENV|PYTHONPATH|PYTHONHOME"
    r"|LD_LIBRARY_PATH|DYLD_\w+|CUDA_VISIBLE_DEVICES|CUDA_HOME|ROCM_\w+|HIP_\w+|NVIDIA_\w+"
)
_CHOOSES_GPU: dict[Device, str] = {"cuda": "CUDA_VISIBLE_DEVICES", "rocm": "HIP_VISIBLE_DEVICES"}
_GPU_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # as the driver's management library counts them


def supervisor_lock(folders: Folders) -> FileLock:
    """Whoever holds it is the one supervisor of the workspace; the system frees it when that process ends."""
    return FileLock(folders.locks / "supervisor.lock", timeout=0)


def is_supervised(folders: Folders) -> bool:
    return is_held(supervisor_lock(folders))


def ensure_supervisor(given: Settings, folders: Folders) -> None:
    """Starts one when none is alive. Two that start at once are harmless: the second finds the lock taken and ends.

    It is told what was given to us, and reads the workspace's own settings by itself.
    """
    if is_supervised(folders):
        return
    own = {
        f"LUTHIER_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in given.model_dump(mode="json", exclude={"hub_token"}, exclude_unset=True).items()
        if value is not None
    }
    log = folders.logs / "supervisor.log"
    start_detached(["-m", "luthier.orchestration"], log, {**process_environment(), **own})
    _wait_until_held(folders)


def _wait_until_held(folders: Folders, seconds: float = 10.0) -> None:
    """So that a second call a moment later does not start another one for nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_supervised(folders):
        time.sleep(0.05)


def start_worker(assignment: Assignment, run_folder: str) -> "subprocess.Popen[bytes]":
    arguments = ["-m", "luthier.engine", run_folder, "--attempt", str(assignment.attempt.number)]
    run = assignment.run
    environment = worker_environment(run.plan.environment)
    if run.gpu is not None:
        environment |= only_gpu(run.gpu, run.plan.device, environment)
    return start_detached(arguments, assignment.folder.log, environment)


def only_gpu(number: int, device: Device, environment: Mapping[str, str]) -> dict[str, str]:
    """Shows a process one GPU: of those that `environment` lets it see, in the order of the machine's slots."""
    name = _CHOOSES_GPU.get(device)
    if name is None:
        return {}
    seen = [word.strip() for word in environment.get(name, "").split(",") if word.strip()]
    return {name: seen[number] if number < len(seen) else str(number), **_GPU_ORDER}


def worker_environment(planned: Mapping[str, str]) -> dict[str, str]:
    """What a process that runs models may see of our environment, and what the plan adds: threads, allocator."""
    seen = {name: value for name, value in process_environment().items() if _WORKER_MAY_SEE.fullmatch(name)}
    always = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore::FutureWarning",  # libraries' notes to developers, in a log that users read
    }
    return {**seen, **always, **planned}
