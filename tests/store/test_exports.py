"""Exports in the store: found by id or its beginning, newest first, and gone when removed."""

import pytest

from luthier.domain.exports import ExportNotFound
from luthier.store import Store
from tests.builders.exports import an_export


def test_exports_are_found_by_id_by_its_beginning_and_by_version(store: Store) -> None:
    first, second = an_export(version_id="ver_one"), an_export(version_id="ver_two")
    with store.writing() as tx:
        tx.exports.add(first)
        tx.exports.add(second)
    with store.reading() as tx:
        assert tx.exports.list() == [second, first]
        assert tx.exports.list("ver_one") == [first]
        assert tx.exports.find(first.export_id) == first
        assert tx.exports.find(second.export_id[:-2]) == second


def test_what_begins_several_ids_or_none_finds_nothing(store: Store) -> None:
    with store.writing() as tx:
        tx.exports.add(an_export())
        tx.exports.add(an_export())
    with store.reading() as tx:
        for reference in ("exp_0", "exp_", "exp_zz"):
            with pytest.raises(ExportNotFound):
                tx.exports.find(reference)


def test_what_is_removed_is_gone(store: Store) -> None:
    made = an_export()
    with store.writing() as tx:
        tx.exports.add(made)
        tx.exports.remove(made.export_id)
    with store.reading() as tx:
        assert tx.exports.list() == []
