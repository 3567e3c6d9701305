"""Renders chat templates exactly as transformers does, inside a sandbox that can change nothing."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment


class ChatTemplate:
    """One compiled template; `render` raises jinja2.TemplateError when the template refuses the messages."""

    def __init__(self, source: str, named_tokens: dict[str, str], environment: Environment | None = None) -> None:
        """`environment` is one of `template_environment`."""
        self.source = source
        self.named_tokens = named_tokens
        self._template = (environment or template_environment()).from_string(source)

    def render(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], *, generation_prompt: bool
    ) -> str:
        try:
            return self._template.render(
                messages=list(messages),
                tools=list(tools) or None,
                documents=None,
                add_generation_prompt=generation_prompt,
                **self.named_tokens,
            )
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            # A template that concatenates a missing field fails with a plain Python error.
            raise TemplateError(f"{type(error).__name__}: {error}") from error


class _Generation(Extension):
    """`{% generation %}` marks what the assistant says; here it only passes its body on."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Dict:
    """`dict` inside a template: the constructor, and no way to reach the class."""

    def __call__(self, *arguments: Any, **fields: Any) -> dict[Any, Any]:
        return dict(*arguments, **fields)


def template_environment(today: datetime | None = None) -> ImmutableSandboxedEnvironment:
    """What templates may use; `today` is what one that writes the date gets to see, None is the real one."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: (today or datetime.now()).strftime(form)
    environment.globals["dict"] = _Dict()
    return environment


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Without the escaping of < > & that jinja2's own filter does for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
