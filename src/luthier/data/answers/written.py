"""An answer with its calls as one text, as it is expected, compared and shown."""

from collections.abc import Sequence

import orjson

from luthier.domain.datasets import ToolCall


def written_answer(content: str, calls: Sequence[ToolCall]) -> str:
    """What is said, and below it each call as JSON in a line."""
    lines = [orjson.dumps({"name": call.name, "arguments": call.arguments}).decode() for call in calls]
    return "\n".join([content, *lines] if content else lines)
