"""Chatting with a model on this machine: what is asked, and what streams back."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from luthier.domain.errors import Action, ModelProblem, NotFound, Problem, WorkFailed, WrongUsage
from luthier.kit.frozen import Frozen


class ChatTarget(Frozen):
    """A base model, with or without an adapter on it."""

    label: str  # as the user named it
    base_folder: str
    adapter_folder: str | None = None
    system_prompt: str | None = None  # what it was trained with, when that was always the same


class ChatMessage(Frozen):
    role: str
    content: str


class ChatRequest(Frozen):
    target: ChatTarget
    messages: tuple[ChatMessage, ...]
    max_new_tokens: int = 256
    temperature: float = 0.0  # 0 takes the likeliest token
    top_p: float = 1.0
    seed: int = 0


class ChatPiece(Frozen):
    """Streams in order; the last piece has `done` and the figures."""

    text: str = ""
    done: bool = False
    stop_reason: str = ""  # "stop" (the model ended its turn), "length", "cancelled"
    tokens: int = 0
    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0
    details: dict[str, Any] = {}


class TargetNotFound(NotFound):
    code = "chat.target_not_found"
    sentence = "{name} is neither a version, nor a run, nor a base model."
    actions = (
        Action(label="See the versions", command="luthier versions list"),
        Action(label="Chat with the starter", command="luthier chat starter"),
    )


class ChatWorkerLost(WorkFailed):
    code = "chat.worker_lost"
    sentence = "The process that runs the model ended unexpectedly."
    actions = (Action(label="Ask again; it will be started anew"),)


class AdapterUnusable(ModelProblem):
    code = "chat.adapter_unusable"
    sentence = "The adapter in {folder} cannot be used: {reason}."
    actions = (
        Action(label="Choose another version", command="luthier versions list"),
        Action(label="Or choose a run whose adapter is still there", command="luthier runs list"),
    )


class ConversationTooLong(WrongUsage):
    code = "chat.too_long"
    sentence = "The conversation has {tokens} tokens, and this model reads at most {limit}."
    actions = (Action(label="Start a new conversation, or shorten this one"),)


class ChatRoleUnknown(WrongUsage):
    code = "chat.role_unknown"
    sentence = "A message has the role {role}; it must be one of system, user and assistant."
    actions = (Action(label="Name who speaks with one of these three"),)


# ── what goes to the process that runs the models, and what comes back; one JSON object per line ─────────────────


class Ask(Frozen):
    kind: Literal["ask"] = "ask"
    id: str
    request: ChatRequest


class Withdraw(Frozen):
    """Nobody waits for the answer any more."""

    kind: Literal["withdraw"] = "withdraw"
    id: str


class Said(Frozen):
    kind: Literal["said"] = "said"
    id: str
    piece: ChatPiece


class Refused(Frozen):
    kind: Literal["refused"] = "refused"
    id: str
    problem: Problem


ToChatWorker: TypeAdapter[Ask | Withdraw] = TypeAdapter(Annotated[Ask | Withdraw, Field(discriminator="kind")])
FromChatWorker: TypeAdapter[Said | Refused] = TypeAdapter(Annotated[Said | Refused, Field(discriminator="kind")])
