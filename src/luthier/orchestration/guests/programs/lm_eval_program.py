"""lm-evaluation-harness with a model that asks for every answer; tells what came of each case."""

import difflib
import json
from typing import Any

import lm_eval
from channel import Channel, Document, Refused
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

_SUGGESTED = 3


class Asked(LM):
    """A model that lives on the other side of the channel."""

    def __init__(self, channel: Channel, who: str) -> None:
        super().__init__()
        self._channel = channel
        self._who = who

    @property
    def tokenizer_name(self) -> str:
        return "luthier"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """Whoever answers applies it, so the messages go over as they are."""
        return json.dumps({"messages": chat_history})

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        answers = []
        for at, request in enumerate(requests):
            context, continuation = request.args
            told = self._ask(at, requests, kind="likelihood", context=context, continuation=continuation)
            answers.append((told["logprob"], told["is_likeliest"]))
        return answers

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        raise Refused("the task measures the perplexity of whole documents, which gives no score of single cases")

    def generate_until(self, requests: list[Any]) -> list[str]:
        answers = []
        for at, request in enumerate(requests):
            context, options = request.args
            until = options.get("until") or []
            sampled = options.get("do_sample", False)
            told = self._ask(
                at,
                requests,
                kind="text",
                context=context,
                stop=[until] if isinstance(until, str) else list(until),
                most_tokens=options.get("max_gen_toks"),
                temperature=float(options.get("temperature") or 0.0) if sampled else 0.0,
            )
            answers.append(told["text"])
        return answers

    def _ask(self, at: int, requests: list[Any], **question: Any) -> Document:
        return self._channel.ask({"who": self._who, "at": at, "of": len(requests), **question})


def result(channel: Channel, wanted: Document) -> Document:
    return {who: samples_of(channel, who, wanted) for who in wanted["models"]}


def samples_of(channel: Channel, who: str, wanted: Document) -> list[Document]:
    """Of each case what was asked and said, and the harness's own figures for it."""
    manager = manager_of(wanted["task"], wanted["include_path"])
    found = lm_eval.simple_evaluate(
        model=Asked(channel, who),
        tasks=manager.match_tasks([wanted["task"]]),
        limit=wanted["limit"],
        apply_chat_template=wanted["chat"],
        task_manager=manager,
        log_samples=True,
        bootstrap_iters=0,
    )
    return [
        plain(task, sample, found["higher_is_better"].get(task, {}))
        for task, samples in found["samples"].items()
        for sample in samples
    ]


def manager_of(task: str, own: str | None) -> TaskManager:
    """Of the user's own tasks when that suffices: to read all that come with the harness takes many seconds."""
    if own is not None:
        manager = TaskManager(include_path=own, include_defaults=False)
        if task in manager.all_subtasks:
            return manager
    manager = TaskManager(include_path=own)
    if not manager.match_tasks([task]):
        near = difflib.get_close_matches(task, manager.all_tasks, _SUGGESTED, cutoff=0.4)
        raise Refused(f"it has no task {task}" + (f"; near it are {', '.join(near)}" if near else ""))
    return manager


def plain(task: str, sample: Document, higher_is_better: dict[str, bool | None]) -> Document:
    arguments = sample["arguments"]
    is_text = not arguments or isinstance(arguments[0][-1], dict)
    return {
        "task": task,
        "number": sample["doc_id"],
        "filter": sample["filter"],
        "context": arguments[0][0] if arguments else "",
        "choices": [] if is_text else [[context, continuation] for context, continuation in arguments],
        "said": [response[0] for response in sample["resps"]],
        "target": sample["target"],
        "figures": {name: sample[name] for name in sample["metrics"]},
        "higher_is_better": higher_is_better,
    }
