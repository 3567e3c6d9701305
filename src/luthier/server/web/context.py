"""What a template may know: each template has one frozen class, whose fields are exactly its variables."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Context:
    """Subclasses name their template, a path below templates/."""

    template: ClassVar[str]

    def variables(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}
