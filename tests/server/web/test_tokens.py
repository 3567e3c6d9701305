"""The colours can be told apart: WCAG 2.2 AA, computed from the one file that names them."""

import re

import pytest

from luthier.server.web.assets import STATIC

TEXT, PARTS = 4.5, 3.0
GROUNDS = ("paper", "surface", "sunken")
TONES = ("good", "warn", "bad", "info")


def tokens(theme: int) -> dict[str, str]:
    source = (STATIC / "css" / "tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", source)
    return {name: colours[theme] for name, *colours in pairs}


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: int) -> None:
    colour = tokens(theme)
    pairs = [(text, ground) for text in ("ink", "ink-soft", "accent", "accent-strong", *TONES) for ground in GROUNDS]
    pairs += [(tone, f"{tone}-soft") for tone in TONES]
    pairs += [("ink", f"{tone}-soft") for tone in TONES]
    pairs += [("ink-soft", f"{tone}-soft") for tone in (*TONES, "idle", "accent")]
    pairs += [("accent", "accent-soft"), ("accent-strong", "accent-soft"), ("ink", "idle-soft"), ("ink", "accent-soft")]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-strong")]
    weak = {pair: round(contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < TEXT}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_edges_and_curves_can_be_seen(theme: int) -> None:
    colour = tokens(theme)
    parts = ("edge", "accent", "series-1", "series-2", "series-3", "series-4", "series-5")
    weak = {(part, ground): round(contrast(colour[part], colour[ground]), 2) for part in parts for ground in GROUNDS}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < PARTS}
