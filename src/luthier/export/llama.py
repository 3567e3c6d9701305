"""llama.cpp itself, from the package xllamacpp, on one file: what it makes of the questions of a parity check."""

import secrets
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from luthier.domain.errors import PackageMissing
from luthier.domain.exports import LlamaFailed
from luthier.domain.parity import FLOOR_RANK, TOP, Elsewhere, Likely, Measured, Question, Reference
from luthier.export.telling import Tell
from luthier.kit.http_json import JsonClient

_PACE_TOKENS = 16  # written to see how fast it is, also by a model that says nothing
_FORCE = 1000.0  # added to a token's logit so that it comes next whatever the model thinks


class Llama:
    """Listens on this machine for as long as the process lives, for whoever knows its key."""

    def __init__(self, path: Path, *, adapter: Path | None, context: int, threads: int) -> None:
        """Raises PackageMissing, or LlamaFailed when it will not load the file."""
        try:
            import xllamacpp
        except ImportError:
            raise PackageMissing(package="xllamacpp", extra="llama") from None
        key = secrets.token_urlsafe()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = context
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.warmup = False
        parameters.ui = False
        parameters.api_keys = [key]
        if adapter is not None:
            parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
        before, begun = psutil.Process().memory_info().rss, time.monotonic()
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            raise LlamaFailed(file=path.name, reason="it will not load it", details=str(error)) from error
        self.load_seconds = time.monotonic() - begun
        self._before = before
        self._client = JsonClient(self._server.listening_address, token=key)

    @property
    def memory_bytes(self) -> int:
        return int(psutil.Process().memory_info().rss - self._before)

    def stream(self, path: str, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The chunks of an answer, as OpenAI's protocol has them; closing it ends the answer. Raises HttpFailed."""
        yield from self._client.events(path, {**document, "stream": True})

    def prompt(self, question: Question) -> tuple[str, tuple[int, ...]]:
        """As its own template writes the question, and its own tokenizer cuts it."""
        text, tools = question.text, list(question.tools)
        if question.messages:
            asked = {"messages": list(question.messages), **({"tools": tools} if tools else {})}
            text = self._client.post("/apply-template", asked)["prompt"]
        cut = self._client.post("/tokenize", {"content": text, "add_special": True, "parse_special": True})
        return text, tuple(cut["tokens"])

    @cached_property
    def plain_token(self) -> int:
        """One that is whole text by itself."""
        return int(self._client.post("/tokenize", {"content": "a", "add_special": False})["tokens"][-1])

    def likely(self, ids: Sequence[int]) -> list[Likely]:
        """What may come next, likeliest first.

        A token that is only a part of a character is reported together with the rest of it, without its likelihood.
        So a plain token is taken, which changes nothing in what the model thinks.
        """
        told = self.next(ids, likely=FLOOR_RANK, force=self.plain_token)
        entries = told["completion_probabilities"][0]["top_logprobs"]
        return [Likely(token=entry["id"], log_prob=entry["logprob"]) for entry in entries]

    def next(
        self, ids: Sequence[int], *, likely: int, tokens: int = 1, force: int | None = None, goes_on: bool = False
    ) -> dict[str, Any]:
        """What follows, greedily; `goes_on` past the token that ends an answer."""
        return dict(
            self._client.post(
                "/completion",
                {
                    "prompt": list(ids),
                    "n_predict": tokens,
                    "n_probs": likely,
                    "temperature": 0.0,
                    "cache_prompt": True,
                    "return_tokens": True,
                    "ignore_eos": goes_on,
                    **({"logit_bias": [[force, _FORCE]]} if force is not None else {}),
                },
            )
        )


def measure_file(llama: Llama, reference: Reference, tell: Tell) -> Elsewhere:
    asked = list(zip(reference.questions, reference.answers, strict=True))
    measured, speeds = [], []
    for done, (question, answer) in enumerate(asked):
        tell("measuring in llama.cpp", done, len(asked))
        found, timings = _measured(llama, question, answer)
        measured.append(found)
        speeds.append(timings)
    pace = llama.next(reference.questions[0].ids, likely=0, tokens=_PACE_TOKENS, goes_on=True)["timings"]
    return Elsewhere(
        measured=tuple(measured),
        ending_ids=tuple(token for token in reference.stop_ids if _ends(llama, reference, token)),
        load_seconds=llama.load_seconds,
        prompt_tokens_per_second=max(timings["prompt_per_second"] for timings in speeds),
        tokens_per_second=max(timings["predicted_per_second"] for timings in [*speeds, pace]),
        memory_bytes=llama.memory_bytes,
        runner=f"llama.cpp (xllamacpp {version('xllamacpp')})",
    )


def _measured(llama: Llama, question: Question, answer: Sequence[int]) -> tuple[Measured, dict[str, float]]:
    text, ids = llama.prompt(question)
    spoken = llama.next(question.ids, likely=0, tokens=max(8, len(answer) + 2))
    first: list[Likely] = []
    likeliest, log_probs = [], []
    for at, token in enumerate(question.target_ids):
        listed = llama.likely((*question.ids, *question.target_ids[:at]))
        first = first or listed[:TOP]
        likeliest.append(listed[0].token)
        log_probs.append(next((each.log_prob for each in listed if each.token == token), listed[-1].log_prob))
    after = llama.next((*question.ids, *answer), likely=0)
    found = Measured(
        text=text,
        ids=ids,
        first=tuple(first),
        likeliest=tuple(likeliest),
        log_probs=tuple(log_probs),
        stops_after=after["stop_type"] == "eos",
        answer=spoken["content"],
    )
    return found, spoken["timings"]


def _ends(llama: Llama, reference: Reference, token: int) -> bool:
    return bool(llama.next(reference.questions[0].ids, likely=0, tokens=2, force=token)["stop_type"] == "eos")
