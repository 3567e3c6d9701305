"""Evaluates by lm-evaluation-harness: it decides what is asked and how it is scored, and our models answer."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from luthier.domain.chat import ChatRequest, ChatTarget, LikelihoodRequest
from luthier.domain.evaluations import CaseOutcome, EvaluationRequest
from luthier.domain.guests import GuestRefused
from luthier.domain.suites import ScorerUnfit, Suite
from luthier.evaluation.harness_samples import HarnessSample, has_messages, messages_in, outcomes_of
from luthier.services.evaluation_asking import Asking, Steps, with_system
from luthier.services.folders import Folders
from luthier.services.guests import Guests

HARNESS = "lm-eval:"  # what a suite's name begins with; the rest is a task, or a group of them
HARNESS_CHAT = "lm-eval-chat:"  # asked through the models' chat templates
_MOST_TOKENS = 256  # of an answer whose task names no limit
_SAMPLES: TypeAdapter[dict[str, tuple[HarnessSample, ...]]] = TypeAdapter(dict[str, tuple[HarnessSample, ...]])


def is_of_harness(suite: str) -> bool:
    return suite.startswith((HARNESS, HARNESS_CHAT))


class HarnessEvaluating:
    def __init__(self, guests: Guests, folders: Folders) -> None:
        self._guests = guests
        self._folders = folders

    def suite(self, name: str, request: EvaluationRequest) -> Suite:
        """Without cases, which the harness reads when it is made. Raises GuestMissing, ScorerUnfit."""
        self._guests.require("lm-eval")
        if request.scorers:
            raise ScorerUnfit(scorer=", ".join(request.scorers), reason=f"{name} is scored as its task says")
        return Suite(name=name, source="lm-evaluation-harness", origin="harness", cases=())

    def outcomes(
        self, suite: str, most_cases: int, targets: Mapping[str, ChatTarget], asking: Asking, steps: Steps
    ) -> list[CaseOutcome]:
        """`most_cases` of each of its tasks. Raises what a guest raises, GuestRefused where no case has a score."""
        own = self._folders.own_tasks
        wanted = {
            "task": suite.partition(":")[2],
            "chat": suite.startswith(HARNESS_CHAT),
            "limit": most_cases,
            "models": list(targets),
            "include_path": str(own) if own.is_dir() else None,
        }
        log = self._folders.logs / "lm-eval.log"
        log.parent.mkdir(exist_ok=True)
        steps.step("reading the task", 0, 0)
        answering = _Answering(targets, asking, steps)
        found = self._guests.converse("lm-eval", wanted, log, answering.answer, steps.attend)
        samples = _SAMPLES.validate_python(found)
        outcomes = outcomes_of(samples["target"], samples.get("against"))
        if not outcomes:
            reason = f"{wanted['task']} has no figure of single cases from 0 to 1, such as accuracy"
            raise GuestRefused(guest="lm-eval", reason=reason)
        return outcomes


class _Answering:
    def __init__(self, targets: Mapping[str, ChatTarget], asking: Asking, steps: Steps) -> None:
        self._targets = targets
        self._asking = asking
        self._steps = steps

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        who = question["who"]
        target = self._targets[who]
        self._steps.step(f"asking {target.label}", question["at"], question["of"])
        key = f"{who}/{hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()}"
        context = question["context"]
        if question["kind"] == "likelihood":
            given = LikelihoodRequest(target=target, context=context, continuation=question["continuation"])
            return self._asking.weigh(key, given).model_dump()
        is_chat = has_messages(context)
        request = ChatRequest(
            target=target,
            messages=with_system(messages_in(context), target) if is_chat else (),
            text=None if is_chat else context,
            stop=tuple(stop for stop in question["stop"] if stop),
            max_new_tokens=question["most_tokens"] or _MOST_TOKENS,
            temperature=question["temperature"],
        )
        return {"text": self._asking.ask(key, request)}
