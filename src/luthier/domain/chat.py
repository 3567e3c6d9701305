"""Chatting with a model on this machine: what is asked, and what streams back."""

from typing import Any

from luthier.domain.errors import Action, NotFound, WorkFailed
from luthier.kit.frozen import Frozen


class ChatTarget(Frozen):
    """A base model, with or without an adapter on it."""

    label: str  # as the user named it
    base_folder: str
    adapter_folder: str | None = None


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
