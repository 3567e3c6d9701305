"""The page of this machine: the doctor's points, and its measured speed with the way to measure it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.checkup import Check, Checkup, Verdict
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.machine import Measured, Rates
from luthier.domain.measuring import MeasuringStanding
from luthier.kit.units import show_count
from luthier.server.web.backups import BackupCard, backup_card
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/machine", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class RateRow:
    what: str
    median: str
    span: str


@dataclass(frozen=True, slots=True)
class Speed(Context):
    template: ClassVar[str] = "fragments/speed.html"

    standing: MeasuringStanding
    rates: Rates | None
    rows: Sequence[RateRow]
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class MachinePage(Context):
    template: ClassVar[str] = "pages/machine.html"

    frame: Frame
    checkup: Checkup
    parts: Mapping[str, Sequence[Check]]
    errors: int
    warnings: int
    speed: Speed
    backups: BackupCard


@router.get("")
def machine_page(request: Request, refresh: bool = False) -> HTMLResponse:
    workspace = workspace_of(request)
    checkup = workspace.doctor.examine(refresh=refresh)
    page = MachinePage(
        frame=frame_of(request),
        checkup=checkup,
        parts={part: [check for check in checkup.checks if check.part == part] for part in checkup.parts},
        errors=checkup.count(Verdict.ERROR),
        warnings=checkup.count(Verdict.WARNING),
        speed=_speed(workspace),
        backups=backup_card(workspace),
    )
    return render(page)


@router.get("/parts/speed")
def speed(request: Request) -> HTMLResponse:
    """Asked for again and again by the part that it draws, while the measuring goes on."""
    return render(_speed(workspace_of(request)))


@router.post("/measure")
def measure(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    try:
        workspace.measuring.begin()
    except LuthierError as error:
        return render(_speed(workspace, error.problem))
    return render(_speed(workspace))


@router.post("/measure/cancel")
def cancel(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    workspace.measuring.cancel()
    return render(_speed(workspace))


def _speed(workspace: Workspace, problem: Problem | None = None) -> Speed:
    standing, rates = workspace.measuring.standing(), workspace.machine.rates()
    rows = _rows(rates) if rates else []
    return Speed(standing=standing, rates=rates, rows=rows, problem=problem or standing.problem)


def _rows(rates: Rates) -> list[RateRow]:
    rows = []
    for device in rates.devices:
        rows += [_row(f"Training {each.described}", each.tokens_per_second, 1, "tokens/s") for each in device.training]
        rows += [
            _row(f"Products in {precision}, {device.name}", measured, 1e9, "GFLOP/s")
            for precision, measured in device.matmul_flops.items()
        ]
        rows.append(_row(f"Memory, {device.name}", device.memory_bytes_per_second, 1e9, "GB/s"))
    return [*rows, _row("Disk, written and synced", rates.disk_bytes_per_second, 1e6, "MB/s")]


def _row(what: str, measured: Measured, unit_size: float, unit: str) -> RateRow:
    low, median, high = (show_count(value / unit_size) for value in (measured.low, measured.median, measured.high))
    return RateRow(what, f"{median} {unit}", f"{low} to {high}")
