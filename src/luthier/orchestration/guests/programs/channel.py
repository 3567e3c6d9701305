"""Lines of JSON to and from Luthier: a question waits for its answer."""

import json
import os
import sys
from typing import Any

Document = dict[str, Any]


class Refused(Exception):
    """What the guest cannot do; `str()` is why, in a few words."""


class Channel:
    """Standard output is for our lines only: whatever the harness prints goes to standard error."""

    def __init__(self) -> None:
        self._output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def read(self) -> Document:
        line = sys.stdin.readline()
        if not line:
            sys.exit(1)  # nobody listens any more
        told: Document = json.loads(line)
        return told

    def ask(self, question: Document) -> Document:
        self.tell({"ask": question})
        return self.read()

    def tell(self, document: Document) -> None:
        self._output.write(json.dumps(document, default=str).encode() + b"\n")
