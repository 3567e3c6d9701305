"""The store: the only place that speaks SQL. Repositories take and return the values of the domain, never rows."""

from luthier.store.store import Store, Transaction, open_store

__all__ = ["Store", "Transaction", "open_store"]
