"""Checks of the measured rates: whether there are any, and whether they still say something."""

from luthier.domain.checkup import Check
from luthier.domain.machine import Rates
from luthier.kit.units import show_bytes, show_count, show_percent
from luthier.planning.checks.wording import Wording
from luthier.planning.installed import TorchBuild
from luthier.planning.machine_facts import doctor_facts


def rates_check(rates: Rates | None, torch: TorchBuild | None, say: Wording) -> Check:
    limits = doctor_facts().thresholds
    if rates is None:
        return say.advise("rates.not_measured", "not measured")
    found = described(rates)
    if rates.busy_share > limits.busy_share:
        return say.advise("rates.busy", found, share=show_percent(rates.busy_share))
    if torch is not None and torch.version and rates.torch != torch.version:
        return say.advise("rates.other_torch", found, measured=rates.torch, installed=torch.version)
    spread = max((each.tokens_per_second.spread for device in rates.devices for each in device.training), default=1.0)
    if spread > limits.rate_spread:
        return say.advise("rates.unsteady", found, spread=f"{spread:.1f}")
    return say.good("rates", found)


def described(rates: Rates) -> str:
    """The best of each kind, in a line."""
    texts = []
    for device in rates.devices:
        training = max((each.tokens_per_second.median for each in device.training), default=None)
        if training is not None:
            texts.append(f"{show_count(training)} tokens/s with the starter's shape")
        precision, best = max(device.matmul_flops.items(), key=lambda item: item[1].median)
        texts.append(f"{show_flops(best.median)} in {precision} on {device.name}")
    texts.append(f"disk {show_bytes(rates.disk_bytes_per_second.median)}/s")
    return ", ".join(texts)


def show_flops(per_second: float) -> str:
    """E.g. `76 GFLOP/s`, `0.9 PFLOP/s`."""
    for unit in ("GFLOP/s", "TFLOP/s"):
        scaled = per_second / (1e9 if unit == "GFLOP/s" else 1e12)
        if scaled < 1000:
            return f"{scaled:.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return f"{per_second / 1e15:.1f} PFLOP/s"
