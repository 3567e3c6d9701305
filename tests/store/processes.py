"""Other processes that use a store at the same time: `python -m tests.store.processes ROLE PLACE [ARGUMENT]`."""

import resource
import subprocess
import sys
import time
from pathlib import Path

from luthier.domain.errors import LuthierError
from luthier.store import Store, open_store
from tests.builders import a_moment, a_run

Place = Path | str


def start(role: str, place: Place, argument: int = 0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.processes", role, str(place), str(argument)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _place(text: str) -> Place:
    return text if "://" in text else Path(text)


def _append_for_ever(store: Store) -> None:
    """Says each number after its commit: what was said must never be lost."""
    while True:
        with store.writing() as tx:
            seq = tx.events.append("tick", None, "user", {"text": "x" * 500}, a_moment())
        _say(seq)


def _add_runs(store: Store, count: int) -> None:
    """Takes the next free name and uses it, as services do."""
    for _ in range(count):
        with store.writing() as tx:
            tx.runs.add(a_run(name=tx.runs.next_name("orders")))


def _keep_writing(store: Store) -> None:
    with store.writing() as tx:
        tx.events.append("tick", None, "user", {}, a_moment())
        _say("writing")
        time.sleep(60)


def _append_below_limit(store: Store, limit_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        _append_for_ever(store)
    except LuthierError as error:
        _say(error.problem.code)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(role: str, place: str, argument: str) -> None:
    store = open_store(_place(place))
    match role:
        case "open":
            _say("opened")
        case "append":
            _append_for_ever(store)
        case "add-runs":
            _add_runs(store, int(argument))
        case "keep-writing":
            _keep_writing(store)
        case "append-below-limit":
            _append_below_limit(store, int(argument))
        case _:
            raise ValueError(role)


if __name__ == "__main__":
    main(*sys.argv[1:])
