"""The options that every command has, before and after its name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", metavar="PATH", help="Folder that holds everything (default: LUTHIER_HOME, ~/.luthier)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show technical details of errors.")]


@dataclass(frozen=True)
class Options:
    workspace: Path | None = None
    as_json: bool = False
    quiet: bool = False
    debug: bool = False

    def and_then(self, later: "Options") -> "Options":
        """Options before the command's name and after it count the same; of two workspaces the later wins."""
        return Options(
            workspace=later.workspace or self.workspace,
            as_json=self.as_json or later.as_json,
            quiet=self.quiet or later.quiet,
            debug=self.debug or later.debug,
        )
