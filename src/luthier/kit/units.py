"""How numbers are shown to people: always with a unit, never with more digits than are known."""


def show_bytes(count: float) -> str:
    """Decimal units as disks and vendors use them, e.g. `1.2 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def show_duration(seconds: float) -> str:
    """E.g. `45 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def show_count(count: float) -> str:
    """Thousands separated by a thin space, e.g. `1 234 567`."""
    return f"{count:,.0f}".replace(",", "\u202f")


def show_percent(share: float) -> str:
    return f"{100 * share:.1f} %"
