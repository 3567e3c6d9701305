"""Preflight reports and what they are made of."""

from typing import Any

from luthier.domain.preflight import CheckRun, PreflightReport, PreflightStats, ShownRow, TokenKind, TokenSpan

_PARTS: tuple[tuple[str, bool, TokenKind], ...] = (
    ("<|im_start|>", False, "bos"),
    ("user\n", False, "none"),
    ("12 ebony", False, "none"),
    (" pegs, please", False, "none"),
    ("<|im_end|>", False, "control"),
    ("\n", False, "none"),
    ("<|im_start|>", False, "control"),
    ("assistant\n", False, "none"),
    ('{"name":"ebony peg","quantity":12}', True, "none"),
    ("<|im_end|>", True, "eos"),
)


def a_shown_row(row: int) -> ShownRow:
    tokens = tuple(
        TokenSpan(id=n, text=text, supervised=trained, kind=kind) for n, (text, trained, kind) in enumerate(_PARTS)
    )
    return ShownRow(row=row, tokens=tokens, more_tokens=0)


def a_preflight_report(**changes: Any) -> PreflightReport:
    values: dict[str, Any] = {
        "findings": (),
        "checks": (
            CheckRun(
                code="preflight.eos_masked",
                question="Does every answer end with a token that ends generation?",
                examined=240,
                found=0,
            ),
            CheckRun(
                code="preflight.control_token_split",
                question="Is every control token one token?",
                examined=0,
                found=0,
            ),
        ),
        "rows": tuple(a_shown_row(row) for row in (1, 2, 3)),
        "stats": PreflightStats(
            examples=240,
            tokens=22_200,
            supervised_tokens=8_900,
            tokens_p50=90,
            tokens_max=140,
            supervised_share_min=0.31,
            supervised_share_mean=0.4,
            left_out=0,
            truncated=0,
        ),
        "stop_tokens": ("<|im_end|>",),
        "template_sha256": "ef" * 32,
    }
    return PreflightReport(**(values | changes))
