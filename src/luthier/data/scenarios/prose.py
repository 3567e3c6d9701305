"""Markdown text as it reads: the lines of a paragraph flow together, everything else keeps its lines."""

import re

from luthier.data.scenarios.lines import lines_of
from luthier.data.scenarios.tree import outside_fences

_OWN_LINE = re.compile(r"[ \t]{0,8}(?:[-*+][ \t]|[0-9]{1,3}[.)][ \t]|[>|#`~])")


def flowing(text: str) -> str:
    """Blanks at the ends of lines are gone; a line that begins a list, quote, table or heading stays one."""
    flowed: list[list[str]] = []
    joins = False  # whether the next line may go on in the last one
    for line, is_text in outside_fences(lines_of(text)):
        content = line.text.rstrip()
        starts_anew = not is_text or not content or _OWN_LINE.match(content) is not None
        if joins and not starts_anew:
            flowed[-1].append(content.strip())
        else:
            flowed.append([content])
        joins = is_text and bool(content) and not content.lstrip().startswith(("#", "|"))
    return "\n".join(" ".join(parts) for parts in flowed).strip()
