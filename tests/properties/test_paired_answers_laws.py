"""Law 15: a comparison holds what both models said to the same prompt under the same settings."""

from collections.abc import Generator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest, ChatTarget
from luthier.domain.suites import Case, Scoring, Suite
from luthier.kit.clock import SystemClock
from luthier.orchestration.guests.speaking import Guests
from luthier.services.evaluation_asking import Asking, Remembered, Steps
from luthier.services.evaluation_cases import outcomes_of_cases
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.folders import Folders

_TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
_TOOL = {"type": "function", "function": {"name": "order", "parameters": {"type": "object"}}}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    scoring = (Scoring(name=draw(st.sampled_from(["exact", "chrf", "refusal", "unrepeated"]))),)
    if draw(st.booleans()):
        return Case(case_id="", text=draw(_TEXTS), expected=draw(_TEXTS), scoring=scoring)
    roles = draw(st.sampled_from([("user",), ("system", "user"), ("user", "assistant", "user")]))
    messages = tuple(ChatMessage(role=role, content=draw(_TEXTS)) for role in roles)
    tools = draw(st.sampled_from([(), (_TOOL,)]))
    return Case(case_id="", messages=messages, tools=tools, expected=draw(_TEXTS), scoring=scoring)


class Echoes:
    """Every model says who it is and how often it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, list[ChatRequest]] = {}

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        own = self.asked.setdefault(request.target.label, [])
        own.append(request)
        yield ChatPiece(text=f"{request.target.label} {len(own)}", done=True)


@given(st.lists(cases(), min_size=1, max_size=6), st.integers(1, 512), st.none() | _TEXTS)
def test_both_models_get_the_same_and_both_answers_are_kept(
    tmp_path_factory: object, asked: list[Case], most_tokens: int, system_prompt: str | None
) -> None:
    place: Path = tmp_path_factory.mktemp("laws")  # type: ignore[attr-defined]
    folders, models = Folders(place), Echoes()
    numbered = tuple(case.model_copy(update={"case_id": str(at)}) for at, case in enumerate(asked))
    suite = Suite(name="drawn", max_new_tokens=most_tokens, cases=numbered)
    targets = {
        who: ChatTarget(label=label, base_folder=f"/models/{label}", system_prompt=system_prompt)
        for who, label in (("target", "own"), ("against", "other"))
    }
    kept, steps = Remembered(place / "answers.jsonl", SystemClock()), Steps(lambda progress: None)
    asking = Asking(models, None, kept, attend=steps.attend)
    deepeval = DeepEvalScoring(Guests(folders, offline=True), folders)
    outcomes = outcomes_of_cases(suite, targets, None, asking, steps, deepeval)
    kept.close()
    own, other = ([each.model_dump(exclude={"target"}) for each in models.asked[who]] for who in ("own", "other"))
    assert own == other
    assert [each["max_new_tokens"] for each in own] == [most_tokens] * len(asked)
    told = [(each.case_id, each.question, each.answer, each.against) for each in outcomes]
    assert told == [(str(at), case.question, f"own {at + 1}", f"other {at + 1}") for at, case in enumerate(numbered)]
    assert all(each.scores.keys() == each.against_scores.keys() and each.scores for each in outcomes)
