"""Finds the rows that a reference means: a path, an address, a hub's dataset, or a database; fetched files are kept."""

import hashlib
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from luthier.connectors.hub_datasets import HubDatasets, HubReference
from luthier.connectors.postgres_rows import postgres_source
from luthier.connectors.progress import OnProgress, report_bytes
from luthier.data.facts import source_facts
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Reading, RowSource
from luthier.domain.dataset_sources import QueryMissing, QueryNotUsed, SourceHostNotAllowed, SourceUnreachable
from luthier.health.disk import saying_when_full
from luthier.kit.clock import Clock
from luthier.kit.files import free_bytes
from luthier.kit.http import Http, HttpFailed
from luthier.settings import Settings, hub_token

_MOST_BYTES = 200_000_000_000
_SHARE_OF_DISK = 0.5  # that one fetched file may take of what is free
_SCHEME = re.compile(r"(hub:|https?://|postgres(?:ql)?://|sqlite:///)", re.IGNORECASE)
_OFFLINE = "Luthier was told to stay offline"
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 100
_PORTS = {"https": 443, "http": 80}


def is_reference(text: str) -> bool:
    """Whether it names something other than a path."""
    return _SCHEME.match(text) is not None


def plain_stem(reference: str) -> str:
    """What a dataset that comes from there may be called."""
    if reference.startswith("hub:"):
        named = HubReference.parse(reference)
        path = PurePosixPath(named.inside or named.repository)
    else:
        path = PurePosixPath(urlsplit(without_secrets(reference)).path)
    if path.suffix.lower() in source_facts().packed_endings:
        path = path.with_suffix("")
    return path.stem or "dataset"


def without_secrets(reference: str) -> str:
    """As it may be shown and kept."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return f"{reference.partition('://')[0]}://…"
    if "@" not in parts.netloc:
        return reference
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class DatasetSources:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._folder = settings.hub_cache.expanduser() / "datasets"
        self._clock = clock

    def open(self, reference: str, reading: Reading, on_progress: OnProgress | None = None) -> RowSource:
        """Raises what `open_rows` raises, and the errors of domain/dataset_sources.py. No password is in its name."""
        scheme = _SCHEME.match(reference)
        if scheme is None:
            return open_rows(Path(reference).expanduser(), reading)
        match scheme.group(1).lower():
            case "hub:":
                found = self._from_hub(HubReference.parse(reference), on_progress)
                return _named(open_rows(found, _without_query(reference, reading)), reference)
            case "https://" | "http://":
                fetched = self._from_web(reference, on_progress)
                return _named(open_rows(fetched, _without_query(reference, reading)), without_secrets(reference))
            case "sqlite:///":
                return open_rows(Path(reference[len("sqlite:///") :]).expanduser(), reading)
            case _:
                if not reading.query:
                    raise QueryMissing(source=without_secrets(reference))
                return postgres_source(reference, without_secrets(reference), reading.query)

    def _from_hub(self, reference: HubReference, on_progress: OnProgress | None) -> Path:
        if self._settings.offline:
            raise SourceUnreachable(source=reference, reason=_OFFLINE)
        with saying_when_full(self._folder):
            return self._hub.fetch(reference, on_progress)

    def _from_web(self, address: str, on_progress: OnProgress | None) -> Path:
        shown = without_secrets(address)
        if self._settings.offline:
            raise SourceUnreachable(source=shown, reason=_OFFLINE)
        if not _origin(address):
            raise SourceUnreachable(source=shown, reason="that is no address")
        if not self._may_ask(address):
            raise SourceHostNotAllowed(origin=_origin(address))
        key = hashlib.sha256(address.encode()).hexdigest()[:16]
        target = self._folder / "web" / key / _file_name(address)
        most = min(_MOST_BYTES, int(free_bytes(self._folder) * _SHARE_OF_DISK))
        on_bytes = report_bytes(f"fetching {shown}", on_progress, 0, 0)
        try:
            with saying_when_full(self._folder):
                self._web.save(address, target, most_bytes=most, on_bytes=on_bytes)
        except HttpFailed as failure:
            raise SourceUnreachable(source=shown, reason=failure) from failure
        return target

    def _may_ask(self, address: str) -> bool:
        return _origin(address) in {_origin(each) for each in self._settings.data_origins}

    @cached_property
    def _hub(self) -> HubDatasets:
        token = hub_token(self._settings)
        return HubDatasets(Http(self._clock, token=token), self._settings.hub_endpoint, self._folder / "hub", token)

    @cached_property
    def _web(self) -> Http:
        return Http(self._clock, may_ask=self._may_ask)


def _file_name(address: str) -> str:
    """The address's last part as a name that any disk takes; its ending is a hint for the reader."""
    return _UNUSUAL.sub("_", PurePosixPath(urlsplit(address).path).name)[-_LONGEST_NAME:].strip(".") or "data"


def _named(source: RowSource, name: str) -> RowSource:
    return replace(source, name=name)


def _without_query(reference: str, reading: Reading) -> Reading:
    if reading.query is not None:
        raise QueryNotUsed(source=without_secrets(reference))
    return reading


def _origin(address: str) -> str:
    """Scheme, host and port in one form, as browsers compare them; empty for what is no address."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{shown}:{port}"
