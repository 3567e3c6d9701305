"""A chat endpoint that judges: OpenAI's protocol at the address that the settings name, asked once at a time."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from luthier.domain.chat import ChatMessage
from luthier.domain.evaluations import JudgeUnreachable
from luthier.kit.http import HttpFailed
from luthier.kit.http_json import JsonClient
from luthier.kit.outgoing import NotAllowedThere, target_of
from luthier.settings import Settings

_READ_SECONDS = 120.0

Endpoint = Callable[[Sequence[ChatMessage], int], str]  # with the tokens that its answer may have at most


def judge_endpoint(settings: Settings) -> Endpoint | None:
    """None when the settings name none. The endpoint raises JudgeUnreachable; its key is told to nobody else."""
    address, model = settings.judge_url, settings.judge_model
    if address is None or model is None:
        return None
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"

    def ask(messages: Sequence[ChatMessage], most_tokens: int) -> str:
        document = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": 0,
            "max_tokens": most_tokens,
        }
        key = settings.judge_key.get_secret_value() if settings.judge_key else None
        try:
            # Whoever sets the address allows it by name, so a judge in one's own network can be asked as well.
            target_of(origin, (origin,), offline=settings.offline)
            client = JsonClient(address.rstrip("/") + "/", token=key, read_seconds=_READ_SECONDS)
            try:
                answer = client.post("chat/completions", document)
            finally:
                client.close()
            return str(answer["choices"][0]["message"]["content"])
        except (HttpFailed, NotAllowedThere, OSError) as error:
            raise JudgeUnreachable(address=origin, reason=str(error)) from error
        except (KeyError, IndexError, TypeError) as error:
            raise JudgeUnreachable(address=origin, reason="its answer is no chat completion") from error

    return ask
