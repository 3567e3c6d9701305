"""What the page of patterns shows of home, settings and logs: each field in every state, a machine with a GPU."""

from datetime import UTC, datetime

from luthier.domain.kept_settings import SettingStanding
from luthier.domain.logs import LogLine
from luthier.domain.machine import GpuLoad, MachineLoad
from luthier.server.web.home import MachineCard
from luthier.server.web.logs import ProcessLog
from luthier.server.web.settings import SettingsSection

_HELP = "What it changes, in a sentence."


def a_settings_section() -> SettingsSection:
    settings = (
        _setting("theme", takes="choice", value="system", choices=("system", "light", "dark")),
        _setting("electricity_price", takes="number", value=0.3, unit="per kWh"),
        _setting("chats_kept_days", takes="number", value=None, unit="days", none="for ever"),
        _setting("region", takes="text", value="france", source="environment"),
        _setting("runs_at_once", takes="number", value=1, unit="runs"),
        _setting("shortcuts", takes="switch", value=True),
    )
    faults = {"runs_at_once": "runs_at_once cannot be many: it should be a valid integer."}
    return SettingsSection("A section", settings, typed={"runs_at_once": "many"}, faults=faults)


def a_machine() -> MachineCard:
    gpu = GpuLoad(
        name="NVIDIA RTX 4090",
        busy_share=0.97,
        memory_used=18_300_000_000,
        memory_total=25_700_000_000,
        power_watts=412.0,
    )
    load = MachineLoad(
        cores=16,
        busy_share=0.42,
        memory_used=21_000_000_000,
        memory_total=67_000_000_000,
        disk_used=700_000_000_000,
        disk_total=1_000_000_000_000,
        disk_free=300_000_000_000,
        gpus=(gpu,),
    )
    return MachineCard(load, asks=False)


def a_log() -> ProcessLog:
    at = datetime(2027, 5, 3, 10, 0, 0, tzinfo=UTC)
    lines = (
        LogLine(level="output", message="A library said something."),
        LogLine(level="info", message="started worker 4711", time=at, run_id="run_01m8"),
        LogLine(level="warning", message="the disk is slow", time=at, request_id="req_7"),
        LogLine(level="error", message="a look failed", time=at, cause="Traceback\nValueError: nothing"),
    )
    return ProcessLog(process="server", level="output", words="", lines=lines, asks=False)


def _setting(name: str, **more: object) -> SettingStanding:
    given = {
        "name": name,
        "section": "A section",
        "label": name.replace("_", " ").capitalize(),
        "help": _HELP,
        "default": None,
    }
    variable = f"LUTHIER_{name.upper()}"
    return SettingStanding.model_validate({**given, "source": "default", "variable": variable, **more})
