"""Chatting with a model on this machine: what is asked, and what streams back."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from luthier.domain.datasets import ToolCall
from luthier.domain.errors import (
    Action,
    ModelProblem,
    NotAllowedNow,
    NotFound,
    Problem,
    ShortOfResources,
    WorkFailed,
    WrongUsage,
)
from luthier.domain.machine import Device
from luthier.kit.frozen import Frozen

Precision = Literal["bf16", "fp32", "nf4"]
MOST_TOP_LOGPROBS = 20


class ChatTarget(Frozen):
    """A base model, with or without an adapter on it, or a GGUF file."""

    label: str  # as the user named it
    base_folder: str  # or the GGUF file itself
    adapter_folder: str | None = None
    precision: Precision = "bf16"
    system_prompt: str | None = None  # what it was trained with, when that was always the same

    @property
    def is_gguf(self) -> bool:
        """Then llama.cpp answers, in the precision that the file has."""
        return self.base_folder.endswith(".gguf")


class Askable(Frozen):
    """Something that can be asked, by a name that finds it."""

    name: str
    kind: Literal["deployment", "version", "run", "export", "base"]
    created_at: datetime


class ChatMessage(Frozen):
    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()  # of an assistant
    name: str | None = None


class ChatRequest(Frozen):
    target: ChatTarget
    messages: tuple[ChatMessage, ...]
    text: str | None = None  # to be continued as it is, instead of messages
    max_new_tokens: int | None = 256  # None: as many as the context leaves
    temperature: float = 0.0  # 0 takes the likeliest token
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()  # texts that end the answer and are not in it
    top_logprobs: int | None = None  # alternatives told for each token; None tells nothing of tokens
    tools: tuple[dict[str, Any], ...] = ()  # functions that may be called, as OpenAI writes them
    must_call: str | None = None  # the function that the answer has to call; "" is any of them
    json_only: bool = False  # the answer is one JSON object


class TokenChance(Frozen):
    """A token and how likely the model held it, before temperature and nucleus."""

    text: str
    bytes: tuple[int, ...]
    logprob: float


class TokenChoice(Frozen):
    chosen: TokenChance
    top: tuple[TokenChance, ...] = ()  # the likeliest first


class ChatLimits(Frozen):
    """Where one process of models computes, and how much it may hold and take on."""

    memory_bytes: int
    answers_at_once: int = 8
    waiting: int = 32  # questions beyond those; the next one is refused
    wait_seconds: float = 60.0
    idle_seconds: float = 600.0  # a model without a question for so long is given up
    device: Device = "cpu"  # that answers; the memory is its own


class EmbeddingRequest(Frozen):
    target: ChatTarget
    texts: tuple[str, ...]


class Embedding(Frozen):
    values: tuple[float, ...]  # of length 1
    tokens: int


class LikelihoodRequest(Frozen):
    """A text that is given, not answered: how likely is it to follow?"""

    target: ChatTarget
    context: str  # may be empty
    continuation: str


class Likelihood(Frozen):
    logprob: float  # of the whole continuation, in nats
    tokens: int
    is_likeliest: bool  # each of its tokens is what the model holds likeliest there


class ChatPiece(Frozen):
    """Streams in order; the last piece has `done` and the figures."""

    text: str = ""
    done: bool = False
    stop_reason: str = ""  # "stop" (the model ended its turn, or a stop text came), "length", "tool_calls", "cancelled"
    tokens: int = 0
    prompt_tokens: int = 0  # of the last piece, as what follows
    reused_tokens: int = 0  # of the prompt, that an earlier question had left read
    tool_calls: tuple[ToolCall, ...] = ()
    memory_bytes: int = 0  # of the process that runs the models
    logprobs: tuple["TokenChoice", ...] = ()  # of the tokens since the piece before
    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0


class TargetNotFound(NotFound):
    code = "chat.target_not_found"
    sentence = "{name} is neither a slot, nor a version, a run, a checkpoint (RUN@step-40), an export or a base model."
    actions = (
        Action(label="See the versions", command="luthier versions list"),
        Action(label="Chat with the starter", command="luthier chat starter"),
    )


class ChatWorkerLost(WorkFailed):
    code = "chat.worker_lost"
    sentence = "The process that runs the model ended unexpectedly."
    actions = (Action(label="Ask again; it will be started anew"),)


class NoEmbeddings(WrongUsage):
    code = "chat.no_embeddings"
    sentence = "{name} is a GGUF file, which answers here and gives no embeddings."
    actions = (Action(label="Ask the version that it was made from", command="luthier versions list"),)


class NoLikelihoods(WrongUsage):
    code = "chat.no_likelihoods"
    sentence = "{name} is a GGUF file, which answers here and does not tell how likely a given text is."
    actions = (Action(label="Ask the version that it was made from", command="luthier versions list"),)


class NoChatFile(WrongUsage):
    code = "chat.no_chat_file"
    sentence = "The export {name} is of the form {form}, and one GGUF file is what can be chatted with."
    actions = (Action(label="Make such a file", command="luthier exports make VERSION --to gguf"),)


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
    sentence = "A message has the role {role}; it must be one of system, user, assistant and tool."
    actions = (Action(label="Name who speaks with one of these four"),)


class ChatPromptEmpty(WrongUsage):
    code = "chat.prompt_empty"
    sentence = "There is no text to go on from."
    actions = (Action(label="Give at least one character"),)


class ChatQueueFull(NotAllowedNow):
    code = "chat.queue_full"
    sentence = "{waiting} questions are waiting for an answer already, which is as many as may."
    actions = (
        Action(label="Ask again in a few seconds"),
        Action(label="Let more of them wait: the setting LUTHIER_ANSWERS_WAITING"),
    )


class ChatWaitedTooLong(ShortOfResources):
    code = "chat.waited_too_long"
    sentence = "The question waited {seconds} s for its turn and is given up: other answers kept the models busy."
    actions = (
        Action(label="Ask again when less is going on"),
        Action(label="Let more answers go on at once: the setting LUTHIER_ANSWERS_AT_ONCE"),
    )


class ModelLeavesNoRoom(ShortOfResources):
    code = "chat.model_too_large"
    sentence = "{name} takes about {needed} of memory, and the models that answer may take {limit} together."
    actions = (
        Action(label="Load it in four bits", command="luthier chat TARGET --precision nf4"),
        Action(label="Allow more: the setting LUTHIER_INFERENCE_MEMORY_GB"),
    )


# ── what goes to the process that runs the models, and what comes back; one JSON object per line ─────────────────


class Ask(Frozen):
    kind: Literal["ask"] = "ask"
    id: str
    request: ChatRequest


class Embed(Frozen):
    kind: Literal["embed"] = "embed"
    id: str
    request: EmbeddingRequest


class Weigh(Frozen):
    kind: Literal["weigh"] = "weigh"
    id: str
    request: LikelihoodRequest


class Withdraw(Frozen):
    """Nobody waits for the answer any more."""

    kind: Literal["withdraw"] = "withdraw"
    id: str


class Said(Frozen):
    kind: Literal["said"] = "said"
    id: str
    piece: ChatPiece


class Embedded(Frozen):
    kind: Literal["embedded"] = "embedded"
    id: str
    embeddings: tuple[Embedding, ...]


class Weighed(Frozen):
    kind: Literal["weighed"] = "weighed"
    id: str
    likelihood: Likelihood


class Refused(Frozen):
    kind: Literal["refused"] = "refused"
    id: str
    problem: Problem


Question = Ask | Embed | Weigh | Withdraw
Reply = Said | Embedded | Weighed | Refused
ToChatWorker: TypeAdapter[Question] = TypeAdapter(Annotated[Question, Field(discriminator="kind")])
FromChatWorker: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="kind")])
