"""Texts that look like scenarios: pieces of right ones and of wrong ones, put together, cut and repeated."""

import hypothesis.strategies as st

from tests.data.scenarios.builders import GOOD, bent, with_vary
from tests.data.scenarios.hazards import HAZARDS

_LINES = sorted({line for hazard in HAZARDS.values() for line in hazard.text.split("\n")} | {GOOD.split("\n")[0]})
_SCRAPS = st.sampled_from(
    ["{", "}", "|", "\\", "[roll:", "]", "#", "---", "```", ":", "- ", "\t", "\ufeff", "\x00", "\u2028", "é"]
)
_line = st.one_of(st.sampled_from(_LINES), st.text(max_size=30), st.lists(_SCRAPS, max_size=8).map("".join))
_ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])

anything = st.lists(st.tuples(_line, _ends), max_size=40).map(lambda pairs: "".join(line + end for line, end in pairs))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real scenario or a hazard with a few places cut out, doubled, or overwritten."""
    text = draw(st.sampled_from([GOOD, *(hazard.text for hazard in HAZARDS.values())]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        new = draw(st.one_of(st.just(""), _SCRAPS, _line, st.just(text[start:end] * 2)))
        text = text[:start] + new + text[end:]
    return text


texts = st.one_of(anything, mutated())

_WORDS = [
    "He nods.",
    "the rope",
    "Arla Venn",
    "Arla's",
    "13",
    "14/20",
    r"\[x: y]",
    r"\{",
    r"\\",
    "\n\n- one\n- two\n\n",
    r"a \| b",
]
_VALUES = ["{weather}", "{persuasion.total}", "{persuasion.outcome}", "{ weather }"]
_SPANS = ["{%s | %s}", "{%s|%s}", "{success: %s | failure: %s}", "{persuasion=failure: %s | persuasion=success: %s}"]


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    spans = st.tuples(st.sampled_from(_SPANS), inner, inner).map(lambda drawn: drawn[0] % drawn[1:])
    return st.one_of(spans, st.lists(inner, min_size=1, max_size=3).map(" ".join))


told = st.recursive(st.sampled_from(_WORDS + _VALUES), _wrapped, max_leaves=8)
stories = told.map(
    lambda text: with_vary("  settings:\n    weather: [fog, a hard frost]\n", bent("The rope creaks.", text))
)
