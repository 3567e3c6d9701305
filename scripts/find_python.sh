#!/bin/sh
# Prints the Python that Luthier is set up with: the one asked for in PYTHON, else that of the environment which is
# already there ($1), else the first on the path that runs and is 3.11, 3.12 or 3.13.
set -eu

suits() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    if suits "$PYTHON"; then
        echo "$PYTHON"
        exit 0
    fi
    echo "PYTHON=$PYTHON does not run, is not Python 3.11, 3.12 or 3.13, or lacks the venv module." >&2
    exit 1
fi

for candidate in "${1:-}" python3 python3.13 python3.12 python3.11 python; do
    if [ -n "$candidate" ] && suits "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

echo "Luthier needs Python 3.11, 3.12 or 3.13 with its venv module, and none was found. Try:" >&2
echo "  Debian, Ubuntu   sudo apt-get install python3 python3-venv" >&2
echo "  macOS            brew install python@3.12" >&2
echo "  or name one      make setup PYTHON=/path/to/python3.12" >&2
exit 1
