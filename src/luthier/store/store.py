"""Opens a store and hands out transactions: one at a time per thread, committed on success, undone on any error."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from luthier.domain.checkup import DatabaseFacts
from luthier.store.attempts import Attempts
from luthier.store.chats import Chats
from luthier.store.checkpoints import Checkpoints
from luthier.store.connecting import Mode, begin, engine_for
from luthier.store.copying import copy_in, copy_out, holds_nothing
from luthier.store.datasets import Datasets
from luthier.store.deployments import Deployments
from luthier.store.describing import describe
from luthier.store.evaluations import Evaluations
from luthier.store.events import Events
from luthier.store.exports import Exports
from luthier.store.failures import failure_of
from luthier.store.leases import Leases
from luthier.store.metrics import Metrics
from luthier.store.migrating import bring_up_to_date
from luthier.store.naming import Naming
from luthier.store.notices import Notices
from luthier.store.runs import Runs
from luthier.store.sessions import Sessions
from luthier.store.versions import Versions


class Transaction:
    """One repository per noun, all on the same transaction."""

    def __init__(self, connection: Connection) -> None:
        self.runs = Runs(connection)
        self.leases = Leases(connection)
        self.attempts = Attempts(connection)
        self.metrics = Metrics(connection)
        self.checkpoints = Checkpoints(connection)
        self.events = Events(connection)
        self.notices = Notices(connection)
        self.datasets = Datasets(connection)
        self.versions = Versions(connection)
        self.deployments = Deployments(connection)
        self.exports = Exports(connection)
        self.evaluations = Evaluations(connection)
        self.sessions = Sessions(connection)
        self.chats = Chats(connection)
        self.naming = Naming(connection)


Recorder = Callable[[Transaction], None]  # called before each commit; what it raises undoes the transaction


class Store:
    """Safe to share between threads and between processes. Writers wait for each other, readers see one moment."""

    def __init__(self, engine: Engine, recorder: Recorder | None = None) -> None:
        self._engine = engine
        self._recorder = recorder
        self._current = threading.local()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._transaction(Mode.WRITE) as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._transaction(Mode.READ) as transaction:
            yield transaction

    def copy_to(self, file: Path) -> None:
        """All rows of one moment, as an SQLite file that is not there yet. Writers may wait for it meanwhile."""
        with self._failing_in_words():
            copy_out(self._engine, file)

    def take_from(self, file: Path, on_taken: Callable[[], None]) -> None:
        """All rows of such a copy, together or not at all; `on_taken` is called before they count.

        Raises RuntimeError when this store holds rows already.
        """
        with self._failing_in_words():
            copy_in(file, self._engine, on_taken)

    def is_empty(self) -> bool:
        with self._failing_in_words(), begin(self._engine, Mode.READ) as connection:
            return holds_nothing(connection)

    @contextmanager
    def _failing_in_words(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise failure_of(error, self._engine.url) from error

    def describe(self) -> DatabaseFacts:
        """Raises what a transaction raises."""
        with self._failing_in_words():
            return describe(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, mode: Mode) -> Iterator[Transaction]:
        if getattr(self._current, "open", False):
            # On SQLite the inner one would wait for the outer one until the time limit.
            raise RuntimeError("a transaction is already open in this thread; pass it on instead of opening another")
        self._current.open = True
        try:
            with self._failing_in_words(), begin(self._engine, mode) as connection:
                transaction = Transaction(connection)
                yield transaction
                if self._recorder is not None and mode is Mode.WRITE:
                    self._recorder(transaction)
        finally:
            self._current.open = False


def open_store(place: Path | str, wait_seconds: float = 30, recorder: Recorder | None = None) -> Store:
    """Opens the store and brings its tables up to date. `place` is an SQLite file, made when absent, or a URL.

    A transaction that another writer keeps out for more than `wait_seconds` ends in StoreBusy.

    Raises StoreUrlInvalid, StoreUnreadable, StoreUnreachable, StoreNotWritable, StoreBusy, StoreTooNew, DiskFull
    or PackageMissing.
    """
    engine = engine_for(place, wait_seconds)
    try:
        bring_up_to_date(engine)
    except (DBAPIError, PoolTimeout) as error:
        engine.dispose()
        raise failure_of(error, engine.url) from error
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, recorder)
