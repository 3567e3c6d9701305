"""What a person copies of an error to ask somebody else: code, sentence, ids, versions; nothing that is secret."""

import platform
import re

from luthier import __version__
from luthier.domain.errors import Problem
from luthier.kit.json_logs import REQUEST_ID

_ID = re.compile(r"[a-z]+_[0-9a-z]{12,}")


def report_of(problem: Problem) -> str:
    """Of the fields only ids are taken: others may hold paths, addresses or keys. So may details, which stay out."""
    ids = sorted({str(value) for value in problem.fields.values() if _ID.fullmatch(str(value))})
    lines = [
        f"Code: {problem.code}",
        f"What: {problem.sentence}",
        *([f"Ids: {', '.join(ids)}"] if ids else []),
        *([f"Request: {request}"] if (request := REQUEST_ID.get()) else []),
        f"Luthier {__version__}, Python {platform.python_version()}, {platform.system()}",
    ]
    return "\n".join(lines)
