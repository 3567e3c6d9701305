"""Every component in every state, on one page: what a change of style is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.background import WorkState
from luthier.domain.checkup import Check, Verdict
from luthier.domain.dataset_jobs import DatasetJob, ScoreWork
from luthier.domain.errors import Action, Problem, UnexpectedFailure
from luthier.domain.evaluations import Answer, Comparison, EvaluationReport, Interval, Rate
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.jobs import Progress
from luthier.domain.preflight import ShownRow, TokenKind, TokenSpan
from luthier.domain.quality import Reason
from luthier.domain.run_states import RunState
from luthier.domain.updates import Release, UpdateNews, UpdatesUnknown
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import JobCard, card_of
from luthier.server.web.deployments import RolloutCard
from luthier.server.web.frame import Frame, frame_of
from luthier.server.web.help_panel import HelpPanel
from luthier.server.web.home import MachineCard
from luthier.server.web.logs import ProcessLog
from luthier.server.web.marked_texts import Turn, turns_of
from luthier.server.web.palette import Found
from luthier.server.web.pattern_boards import a_log, a_machine, a_settings_section
from luthier.server.web.pattern_help import help_panels, palette_lists
from luthier.server.web.pattern_plans import plan_cards, rollout_cards
from luthier.server.web.pattern_scenes import a_scenario, an_editor, some_variants
from luthier.server.web.rendering import render
from luthier.server.web.scenario import ScenarioEditor, ScenarioLook
from luthier.server.web.scenario_making import ScenarioVariants
from luthier.server.web.scenarios import Share
from luthier.server.web.settings import SettingsSection, UpdatesCard
from luthier.server.web.wizard_plan import PlanCard
from luthier.server.web.words import STATE_WORDS

router = APIRouter(prefix="/-", include_in_schema=False)

_ACTIONS = (
    Action(label="See every problem with its place", command="luthier datasets check orders.jsonl"),
    Action(label="Free some space on that disk, then resume"),
)
_COLOURS = (
    "paper surface sunken line edge ink ink-soft accent accent-strong accent-soft good good-soft warn warn-soft bad "
    "bad-soft info info-soft idle-soft series-1 series-2 series-3 series-4"
)
_CURVE = "M0 1.0L8 4.5L16 3.8L25 11.0L33 13.9L41 15.2L50 18.0L58 19.5L66 21.1L75 22.4L83 23.0L91 23.9L100 24.6"


@dataclass(frozen=True, slots=True)
class PatternsPage(Context):
    template: ClassVar[str] = "pages/patterns.html"

    frame: Frame
    states: Sequence[RunState]
    tones: Sequence[str]
    colours: Sequence[str]
    problem: Problem
    findings: Sequence[Finding]
    checks: Sequence[Check]
    evaluations: Sequence[EvaluationReport]
    row: ShownRow
    example: dict[str, object]
    turns: Sequence[Turn]
    reasons: Sequence[Reason]
    jobs: Sequence[JobCard]
    plans: Sequence[PlanCard]
    rollouts: Sequence[RolloutCard]
    updates: UpdatesCard
    curve: str
    earlier: Sequence[timedelta]
    scenario: ScenarioLook
    editor: ScenarioEditor
    variants: ScenarioVariants
    shares: Sequence[Share]
    removed_scenarios: Sequence[str]
    settings: SettingsSection
    machine: MachineCard
    log: ProcessLog
    help_panels: Sequence[HelpPanel]
    palette_lists: Sequence[Found]


@router.get("/patterns")
def patterns(request: Request) -> HTMLResponse:
    sentence = "orders.jsonl has 3 problems that must be mended first; the first one is: line 7: the answer is empty."
    page_frame = frame_of(request)
    page = PatternsPage(
        frame=page_frame,
        states=tuple(RunState),
        tones=tuple(dict.fromkeys([*(word.tone for word in STATE_WORDS.values()), "warn", "info"])),
        colours=_COLOURS.split(),
        problem=Problem(code="datasets.has_errors", sentence=sentence, actions=_ACTIONS),
        findings=tuple(_finding(level) for level in Level),
        checks=tuple(_check(verdict) for verdict in Verdict),
        evaluations=(_evaluation(3, 57), _evaluation(41, 44)),
        row=_row(),
        example=_example(),
        turns=_turns(),
        reasons=_reasons(),
        jobs=[_job(state, page_frame.now) for state in WorkState],
        plans=plan_cards(page_frame.now),
        rollouts=rollout_cards(page_frame.now),
        updates=_updates(page_frame),
        curve=_CURVE,
        scenario=a_scenario(),
        editor=an_editor(),
        variants=some_variants(),
        shares=(Share("combat", 12, 12), Share("rest", 5, 12), Share("", 1, 12)),
        removed_scenarios=("ford.md", "river/ferry.md"),
        settings=a_settings_section(),
        machine=a_machine(),
        log=a_log(),
        help_panels=help_panels(),
        palette_lists=palette_lists(),
        earlier=(timedelta(seconds=2), timedelta(minutes=12), timedelta(hours=5), timedelta(days=40)),
    )
    return render(page)


def _updates(frame: Frame) -> UpdatesCard:
    reason = "the package index cannot be reached (connection refused)"
    newer = Release(version="0.2.0", published_at=frame.now)
    news = UpdateNews(running=frame.version, newer=newer, asked_at=frame.now, automatic=True)
    return UpdatesCard(frame, news, problem=UpdatesUnknown(reason=reason).problem)


def _finding(level: Level) -> Finding:
    return Finding(
        code=f"dataset.{level.value}",
        level=level,
        sentence="The answer of this row is empty, so there is nothing to learn from it.",
        place=Place(file="orders.jsonl", line=7, row=7, column="output"),
        actions=_ACTIONS[:1] if level is Level.ERROR else (),
    )


def _check(verdict: Verdict) -> Check:
    is_good = verdict is Verdict.GOOD
    return Check(
        code="torch",
        part="Training",
        name="torch",
        verdict=verdict,
        found="2.13.0+cpu, built for the processor",
        reason="" if is_good else "This build computes on the processor alone, and a GPU is here.",
        actions=() if is_good else _ACTIONS[:1],
    )


def _evaluation(base: int, tuned: int, total: int = 60) -> EvaluationReport:
    better = tuned - base > 10
    comparison = Comparison(
        base=_rate(base, total),
        tuned=_rate(tuned, total),
        difference=(tuned - base) / total,
        difference_interval=Interval(low=(tuned - base) / total - 0.08, high=(tuned - base) / total + 0.06),
        better=better,
    )
    expected = (
        '{"customer":"A. Customer","items":[{"name":"ebony peg","quantity":12,"unit":"piece"}],"due":"2027-05-03"}'
    )
    answer = Answer(
        row=1,
        prompt="Could I get 12 ebony pegs by the 3rd of May 2027? Thanks, A. Customer",
        expected=expected,
        base="Sure! I would be happy to help you with your order of ebony pegs.",
        tuned=expected if better else "",
        base_right=False,
        tuned_right=better,
    )
    return EvaluationReport(
        scorer="json", base_loss=2.3127, tuned_loss=0.0184, comparison=comparison, answers=(answer,), seconds=21.4
    )


def _rate(right: int, total: int) -> Rate:
    share = right / total
    return Rate(
        right=right,
        total=total,
        share=share,
        interval=Interval(low=max(0.0, share - 0.06), high=min(1.0, share + 0.06)),
    )


def _row() -> ShownRow:
    parts: tuple[tuple[str, bool, TokenKind], ...] = (
        ("<|im_start|>", False, "bos"),
        ("user\n", False, "none"),
        ("12 ebony", False, "none"),
        (" pegs", False, "none"),
        ("<|im_end|>", False, "control"),
        ("<|im_start|>", False, "control"),
        ("assistant\n", False, "none"),
        ('{"name":', True, "none"),
        ('"ebony peg"}', True, "none"),
        ("<|im_end|>", True, "eos"),
    )
    tokens = tuple(
        TokenSpan(id=index, text=text, supervised=supervised, kind=kind)
        for index, (text, supervised, kind) in enumerate(parts)
    )
    return ShownRow(row=7, tokens=tokens, more_tokens=3)


def _turns() -> list[Turn]:
    said = {"messages": [{"role": "user", "content": "Where is ada@lute.org?"}, {"role": "tool", "content": "Gone."}]}
    mended = {"messages": [{"role": "user", "content": "Where is [EMAIL_1]?"}]}
    return turns_of(said, mended)


def _reasons() -> tuple[Reason, ...]:
    return (
        Reason(
            code="personal",
            sentence="It holds an e-mail address.",
            weight=0.3,
            advice="Replace it.",
            message=2,
            character=11,
        ),
        Reason(
            code="duplicate.near",
            sentence="Nearly the same text stands in row 7.",
            weight=0.3,
            advice="Keep one.",
            other_row=7,
        ),
    )


def _job(state: WorkState, now: datetime) -> JobCard:
    """Its card keeps asking the server only where somebody works on it; here nobody does."""
    job = DatasetJob(
        job_id=f"job_{state.value}",
        work=ScoreWork(dataset=f"orders-{state.value}"),
        state=state,
        begun_at=now,
        progress=Progress(what="scoring examples", done=41_000, total=120_000) if state is WorkState.RUNNING else None,
        problem=UnexpectedFailure(what="the work broke off").problem if state is WorkState.FAILED else None,
    )
    return card_of(job, leads=False)


def _example() -> dict[str, object]:
    return {
        "row": 7,
        "messages": [
            {"role": "system", "content": "Answer with the order form."},
            {"role": "user", "content": "12 ebony pegs, please."},
            {
                "role": "assistant",
                "content": "One moment.",
                "reasoning": "The stock has to be looked up.",
                "tool_calls": [{"name": "stock", "arguments": {"item": "ebony peg"}}],
            },
            {"role": "tool", "name": "stock", "content": "340"},
            {"role": "assistant", "content": "12 of 340 are set aside.", "train": False},
        ],
    }
