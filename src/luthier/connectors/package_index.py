"""Asks a package index for the newest release that would run here: one request, with nothing in it but a name."""

from collections.abc import Iterator
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from luthier.domain.updates import Release, UpdatesUnknown
from luthier.kit.http import Http, HttpFailed

_MOST_BYTES = 32 << 20  # an index lists every file of every release


def newest_release(http: Http, index: str, package: str, *, running: str, python: str) -> Release | None:
    """Newer than the one that runs, with a file for this Python that nobody withdrew; previews only for previews.

    Raises UpdatesUnknown, also for an answer that is no list of releases.
    """
    try:
        document = http.get_json(f"{index.rstrip('/')}/pypi/{package}/json", most_bytes=_MOST_BYTES)
        found = dict(_usable(document["releases"], python))
    except HttpFailed as failure:
        raise UpdatesUnknown(reason=failure) from failure
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UpdatesUnknown(reason="the answer is not a list of releases", details=repr(error)) from error
    here = Version(running)
    newer = [version for version in found if version > here and (here.is_prerelease or not version.is_prerelease)]
    return found[max(newer)] if newer else None


def _usable(releases: dict[str, list[dict[str, Any]]], python: str) -> Iterator[tuple[Version, Release]]:
    for name, files in releases.items():
        fitting = [file for file in files if not file.get("yanked") and _runs_on(file.get("requires_python"), python)]
        try:
            version = Version(name)
        except InvalidVersion:  # of the time before versions had rules
            continue
        if fitting:
            yield version, Release(version=name, published_at=fitting[0].get("upload_time_iso_8601"))


def _runs_on(required: str | None, python: str) -> bool:
    try:
        return not required or Version(python) in SpecifierSet(required)
    except InvalidSpecifier:
        return False
