"""The rim of the command line: whatever happens inside ends here as a sentence and an exit code."""

import sys


def main() -> int:
    """Imports come late so that Ctrl-C during start-up is answered like Ctrl-C at any other moment."""
    arguments = sys.argv[1:]
    try:
        from luthier.cli.app import app

        return int(app(arguments, prog_name="luthier", standalone_mode=False) or 0)
    except BaseException as problem:  # noqa: BLE001 - a rim
        from luthier.cli.errors import report

        return report(problem, as_json="--json" in arguments, debug="--debug" in arguments)
