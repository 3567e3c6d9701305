"""From an example to tokens and a loss mask, through the base model's own tokenizer and chat template."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from jinja2 import TemplateError, TemplateSyntaxError

from luthier.data.answers.call_form import CallForm, learn_call_form
from luthier.data.capabilities import Capabilities, probe
from luthier.data.chat_form import ChatForm, chat_form
from luthier.data.drafts import Draft, Piece, cut
from luthier.data.skeletons import Skeletons
from luthier.data.spans import Messages, TurnFinder, Turns, find_turns
from luthier.data.template import ChatTemplate, template_environment
from luthier.data.token_batches import TokenBatch, TokenBatches
from luthier.data.tokenizer_files import TokenizerFiles, load_tokenizer_files
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.models import TemplateBroken, TemplateMissing, TemplateRefused

TrainOn = Literal["assistant", "everything"]
_ANSWER_MARK = "zqxjmark"


@dataclass(frozen=True, slots=True)
class Rendered:
    ids: list[int]
    supervised: list[bool]  # True where the token itself is to be predicted
    text: str
    missed: tuple[int, ...] = ()  # messages that should be trained and that the text does not hold as they are
    prompt_differs: tuple[int, ...] = ()  # messages that generation will open otherwise than training does
    written_as_text: frozenset[str] = frozenset()  # parts for which the template has no words


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is to answer: as the chat template gets it, as text, and as tokens."""

    messages: Messages
    tools: list[dict[str, Any]]
    text: str
    ids: list[int]


class Renderer:
    """Reads a model's folder once; afterwards every method is a pure function of its arguments."""

    def __init__(self, folder: Path, today: datetime | None = None) -> None:
        """`today` is what a template that writes the date gets to see; None is the real one."""
        self.files: TokenizerFiles = load_tokenizer_files(folder)
        self._tokenizer = self.files.tokenizer
        self._template = _compiled(self.files, today)
        self.capabilities: Capabilities | None = probe(self._template) if self._template else None
        self.turn_end = self._find_turn_end()
        self._finder = TurnFinder(list(self.files.added_tokens.values()), self.turn_end)
        self._batches = TokenBatches(self._tokenizer)
        self.today = today
        self._splits_cleanly = self._token_ids("a\nb") == self._token_ids("a\n") + self._token_ids("b")
        self.bos_id = self.files.id_of("bos_token")
        self.eos_id = self.files.id_of("eos_token")
        self.pad_id = self.files.id_of("pad_token")
        self.turn_end_id = self._token_ids(self.turn_end)[-1] if self.turn_end else None
        self.stop_ids = _union(self.turn_end_id, self.eos_id, *self.files.end_ids)
        self.rendered_sha256 = _template_hash(self.files)

    def render(self, example: Example, train_on: TrainOn = "assistant") -> Rendered:
        return self.render_many([example], train_on)[0]

    def render_many(self, examples: Sequence[Example], train_on: TrainOn = "assistant") -> list[Rendered]:
        """Like `render` for each, with one call into the tokenizer; raises TemplateRefused naming the row."""
        drafts = self.drafts(examples, train_on)
        batch = self.tokens_of(drafts)
        return [
            Rendered(
                batch.ids_of(at).tolist(),
                batch.supervised_of(at).tolist(),
                draft.text,
                draft.missed,
                draft.prompt_differs,
                draft.written_as_text,
            )
            for at, draft in enumerate(drafts)
        ]

    def drafts(self, examples: Iterable[Example], train_on: TrainOn = "assistant") -> list[Draft]:
        """The texts that `tokens_of` takes; raises TemplateRefused naming the row."""
        return [self._draft(example, train_on) for example in examples]

    def tokens_of(self, drafts: Sequence[Draft]) -> TokenBatch:
        return self._batches.of([draft.pieces for draft in drafts])

    def prompt_ids(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = (), begun: str = ""
    ) -> list[int]:
        """The tokens after which the model is to answer, or to go on from the `begun` answer."""
        return self._token_ids(self.prompt(messages, tools).text + begun)

    def prompt(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Prompt:
        form = self._form(messages, tools)
        text = self._rendered(form.messages, form.tools, True, "these messages")
        return Prompt(form.messages, form.tools, text, self._token_ids(text))

    @cached_property
    def call_form(self) -> CallForm:
        """How the template writes function calls."""

        def say(messages: Sequence[Message]) -> str:
            form = self._form(messages, ())
            return self._rendered(form.messages, form.tools, False, "a function call")

        return learn_call_form(say)

    def text_prompt_ids(self, text: str) -> list[int]:
        """The tokens of plain text that the model is to continue."""
        return [*self.files.added_before, *self._token_ids(text)]

    def pieces(self, token: str) -> int:
        """How many tokens a control token becomes; more than one means that it is none."""
        return len(self._token_ids(token))

    def decode(self, ids: Sequence[int], *, control_tokens: bool = False) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=not control_tokens))

    @cached_property
    def _skeletons(self) -> Skeletons:
        template, closing = self._require_template(), self.files.closing_tokens
        says_system = self.capabilities is not None and self.capabilities.system
        return Skeletons(template, self._finder, closing, says_system=says_system, today=self.today)

    # ── conversations ────────────────────────────────────────────────────────────────────────────────────────────

    def _draft(self, example: Example, train_on: TrainOn) -> Draft:
        if not example.messages:
            return self._plain_text(example.text)
        if train_on == "assistant" and self._splits_cleanly and (draft := self._skeletons.draft(example)) is not None:
            return draft
        return self.draft_alone(example, train_on)

    def draft_alone(self, example: Example, train_on: TrainOn = "assistant") -> Draft:
        """Of a conversation, rendered by itself; `drafts` gives the same, by a shortcut where there is one."""
        form = self._form(example.messages, example.tools)
        full = self._rendered(form.messages, form.tools, False, f"row {example.row}")
        if train_on == "everything":
            return Draft((Piece(full, is_learned=True),), written_as_text=form.written_as_text)
        turns = self._turns(example, form, full)
        spans = list(turns.spans.values())
        return Draft(
            cut(full, spans, self.files.closing_tokens) if self._splits_cleanly else (Piece(full, spans=tuple(spans)),),
            missed=tuple(form.origins[at] for at in turns.missed),
            prompt_differs=tuple(form.origins[at] for at in turns.prompt_differs),
            written_as_text=form.written_as_text,
        )

    def _plain_text(self, text: str) -> Draft:
        after = self.files.added_after or ((self.eos_id,) if self.eos_id is not None else ())
        before = Piece("", ids=self.files.added_before)
        return Draft((before, Piece(text, is_learned=True), Piece("", is_learned=True, ids=after)))

    def _turns(self, example: Example, form: ChatForm, full: str) -> Turns:
        trained = [
            at
            for at, origin in enumerate(form.origins)
            if form.messages[at]["role"] == "assistant" and example.messages[origin].train
        ]

        def render(messages: Messages, generation_prompt: bool) -> str:
            return self._require_template().render(messages, form.tools, generation_prompt=generation_prompt)

        return find_turns(form.messages, trained, full, render, self._finder)

    def _form(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> ChatForm:
        self._require_template()
        assert self.capabilities is not None
        return chat_form(messages, tools, self.capabilities)

    def _require_template(self) -> ChatTemplate:
        if self._template is None:
            raise TemplateMissing(folder=self.files.folder)
        return self._template

    def _rendered(self, messages: Messages, tools: list[dict[str, Any]], generation_prompt: bool, what: str) -> str:
        try:
            return self._require_template().render(messages, tools, generation_prompt=generation_prompt)
        except TemplateError as error:
            raise TemplateRefused(what=what, reason=str(error).rstrip(".")) from error

    def _find_turn_end(self) -> str:
        """What the template writes after an answer, up to its first control token; empty when it writes none."""
        if self._template is None:
            return ""
        user, answer = Message(Role.USER, "a"), Message(Role.ASSISTANT, _ANSWER_MARK)
        form = self._form([user, answer], ())
        text = self._rendered(form.messages, [], False, "a question and an answer")
        tail = text[text.rfind(_ANSWER_MARK) + len(_ANSWER_MARK) :]
        for token_id in self._token_ids(tail):
            if token_id in self.files.added_tokens:
                token = self.files.added_tokens[token_id]
                return tail[: tail.index(token) + len(token)].lstrip() if token in tail else ""
        return ""

    # ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _token_ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _compiled(files: TokenizerFiles, today: datetime | None) -> ChatTemplate | None:
    if files.template is None:
        return None
    try:
        return ChatTemplate(files.template, files.named_tokens, template_environment(today))
    except TemplateSyntaxError as error:
        reason = f"line {error.lineno}: {error.message}"
        raise TemplateBroken(folder=files.folder, reason=reason) from error


def _template_hash(files: TokenizerFiles) -> str:
    digest = hashlib.sha256((files.template or "").encode())
    for name, token in sorted(files.named_tokens.items()):
        digest.update(f"\n{name}={token}".encode())
    return digest.hexdigest()


def _union(*ids: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(each for each in ids if each is not None))
