"""Preflight: the proof, before the first step, that the model will learn from exactly what the examples say."""

from collections.abc import Iterable
from typing import Literal

from luthier.domain.findings import Finding, Level
from luthier.kit.frozen import Frozen

TokenKind = Literal["none", "bos", "eos", "pad", "control"]


class TokenSpan(Frozen):
    """One token as the model sees it. `text` shows what it stands for; a part of a character shows as U+FFFD."""

    id: int
    text: str
    supervised: bool  # the model is trained to say it
    kind: TokenKind = "none"


class ShownRow(Frozen):
    row: int  # in the source file
    tokens: tuple[TokenSpan, ...]
    more_tokens: int = 0  # beyond those shown


class CheckRun(Frozen):
    """One check that was made, whether or not it found anything."""

    code: str
    question: str  # e.g. "Does every answer end with a token that ends generation?"
    examined: int  # examples looked at; 0 for a check of the tokenizer itself
    found: int


class PreflightStats(Frozen):
    examples: int
    tokens: int
    supervised_tokens: int
    tokens_p50: int
    tokens_max: int
    supervised_share_min: float  # of the example with the least
    supervised_share_mean: float
    left_out: int  # examples that are longer than allowed, or hold no answer
    truncated: int


class PreflightReport(Frozen):
    findings: tuple[Finding, ...]
    checks: tuple[CheckRun, ...]
    rows: tuple[ShownRow, ...]
    stats: PreflightStats
    stop_tokens: tuple[str, ...]  # any of them ends an answer
    template_sha256: str

    @property
    def errors(self) -> int:
        return sum(1 for finding in self.findings if finding.level is Level.ERROR)

    @property
    def warnings(self) -> int:
        return sum(1 for finding in self.findings if finding.level is Level.WARNING)

    @property
    def is_read_alone(self) -> bool:
        """Nothing that is shown is learned: the model learns from answers that it writes itself."""
        return self.stats.supervised_tokens == 0

    @property
    def how_it_learns(self) -> str:
        """A sentence where that is not from what is shown; else nothing."""
        return "What the model learns it writes itself, and the rewards judge it." if self.is_read_alone else ""

    def read_alone(self) -> "PreflightReport":
        """The same report for a method that learns from answers of the model's own."""
        unlearned = {"supervised_tokens": 0, "supervised_share_min": 0.0, "supervised_share_mean": 0.0}
        rows = tuple(row.model_copy(update={"tokens": tuple(map(_read_only, row.tokens))}) for row in self.rows)
        return self.model_copy(update={"stats": self.stats.model_copy(update=unlearned), "rows": rows})

    def joined(self, checks: Iterable[CheckRun], findings: Iterable[Finding]) -> "PreflightReport":
        """The same report with the outcome of further checks, e.g. those that need the model itself."""
        return self.model_copy(update={"checks": (*self.checks, *checks), "findings": (*self.findings, *findings)})


def _read_only(token: TokenSpan) -> TokenSpan:
    return token.model_copy(update={"supervised": False})
