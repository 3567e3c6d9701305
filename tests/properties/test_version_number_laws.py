"""Law 52: numbers are ordered as the rules of semver say, and the registry agrees with that order."""

import semver
from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.version_numbers import VersionNumber, numbered_after
from luthier.store import open_store
from tests.builders.versions import a_version

_small = st.integers(0, 12)
_words = st.one_of(_small.map(str), st.from_regex(r"[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    before = draw(st.lists(_words, max_size=3))
    release = ".".join(str(draw(_small)) for _ in range(3))
    return f"{release}-{'.'.join(before)}" if before else release


@given(numbers(), numbers())
def test_two_numbers_stand_as_the_reference_implementation_says(one: str, other: str) -> None:
    expected = semver.Version.parse(one).compare(other)
    first, second = VersionNumber.of(one), VersionNumber.of(other)
    assert (first > second) - (first < second) == expected
    assert str(first) == one


@given(st.lists(numbers(), min_size=1, max_size=8, unique=True))
def test_the_number_that_is_given_is_above_all_that_are_taken(taken: list[str]) -> None:
    before, now = a_version().origin, a_version(dataset_id="ds_other").origin
    given_number = numbered_after(taken, before, now).number
    assert all(semver.Version.parse(given_number) > number for number in taken)


def test_the_registry_finds_by_name_what_the_rules_call_the_highest(tmp_path_factory: object) -> None:
    place = tmp_path_factory.mktemp("laws")  # type: ignore[attr-defined]
    store = open_store(place / "luthier.db")

    @given(st.lists(numbers(), min_size=1, max_size=6, unique=True))
    def law(taken: list[str]) -> None:
        with store.writing() as tx:
            for version in tx.versions.list():
                tx.versions.remove(version.version_id)
            for number in taken:
                tx.versions.add(a_version(number=number))
            assert tx.versions.find("orders").number == str(max(map(semver.Version.parse, taken)))

    law()
    store.close()
