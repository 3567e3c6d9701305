"""What OpenAI's protocol asks, as far as it can be answered here: a field that would change nothing is not taken.

Fields that only say who asks, or how OpenAI is to account for it, are taken and have no effect on an answer.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from luthier.domain.chat import MOST_TOP_LOGPROBS

MOST_CHOICES = 8
_Text = Annotated[str, Field(max_length=2_000_000)]
_Stop = Annotated[str, Field(max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextPart(_Strict):
    type: Literal["text"]
    text: _Text


class CalledFunction(_Strict):
    name: str = Field(min_length=1, max_length=256)
    arguments: _Text = Field(description="a JSON object, as text")


class CallPart(_Strict):
    id: str = Field(max_length=256)
    type: Literal["function"] = "function"
    function: CalledFunction


class TurnIn(_Strict):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: _Text | list[TextPart] | None = None
    name: str | None = Field(default=None, max_length=256)
    tool_calls: list[CallPart] | None = Field(default=None, max_length=100)
    tool_call_id: str | None = Field(default=None, max_length=256)
    refusal: str | None = None  # an answer of this protocol may be handed back as it came


class FunctionSpec(_Strict):
    name: str = Field(min_length=1, max_length=256)
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolSpec(_Strict):
    type: Literal["function"]
    function: FunctionSpec


class FunctionName(_Strict):
    name: str


class ChosenTool(_Strict):
    type: Literal["function"]
    function: FunctionName


class StreamOptions(_Strict):
    include_usage: bool = False


class Form(_Strict):
    type: Literal["text", "json_object"]


class Asked(_Strict):
    """What both ways of asking have in common."""

    model: str = Field(min_length=1, max_length=4096, description="a version, a run, or a base model")
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=5, description="1 when left out; 0 takes the likeliest")
    top_p: float | None = Field(default=None, gt=0, le=1)
    n: int | None = Field(default=None, ge=1, le=MOST_CHOICES)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: _Stop | Annotated[list[_Stop], Field(max_length=16)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: Literal[0] | None = None
    user: str | None = None


class ChatAsked(Asked):
    messages: list[TurnIn] = Field(min_length=1, max_length=10_000)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=MOST_TOP_LOGPROBS)
    tools: list[ToolSpec] | None = Field(default=None, max_length=256)
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: Form | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None


class TextAsked(Asked):
    prompt: _Text | Annotated[list[_Text], Field(min_length=1, max_length=64)]
    logprobs: int | None = Field(default=None, ge=0, le=MOST_TOP_LOGPROBS)
    echo: Literal[False] | None = None
    best_of: Literal[1] | None = None


class EmbeddingAsked(_Strict):
    model: str = Field(min_length=1, max_length=4096)
    input: _Text | Annotated[list[_Text], Field(min_length=1, max_length=256)]
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None
