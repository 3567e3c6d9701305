"""Where notices go, as the workspace keeps it: channels, quiet hours and secrets have this one reader and writer."""

from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from luthier.domain.notifications import (
    CHANNEL,
    Channel,
    ChannelInvalid,
    ChannelNameTaken,
    ChannelNotFound,
    NotificationSettings,
    NotificationSettingsDamaged,
    QuietHours,
    QuietHoursInvalid,
)
from luthier.kit.files import read_json, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders


class NotificationSettingsFile:
    """Several processes may change it; each change is whole. Secrets are in a file that only its owner can read."""

    def __init__(self, folders: Folders) -> None:
        self._path = folders.notifications
        self._secrets = folders.secrets / "notifications.json"
        self._lock = FileLock(folders.locks / "notifications.lock", timeout=10)

    def read(self) -> NotificationSettings:
        """Raises NotificationSettingsDamaged."""
        if not self._path.exists():
            return NotificationSettings()
        try:
            return NotificationSettings.model_validate(read_json(self._path))
        except ValidationError as error:
            raise NotificationSettingsDamaged(path=self._path, reason=_first(error)[1]) from error
        except ValueError as error:
            raise NotificationSettingsDamaged(path=self._path, reason="it is not JSON") from error

    def find(self, reference: str) -> Channel:
        """By name or id. Raises ChannelNotFound."""
        for channel in self.read().channels:
            if reference in (channel.name, channel.channel_id):
                return channel
        raise ChannelNotFound(name=reference)

    def add(self, values: dict[str, Any], secret: str | None) -> Channel:
        """Raises ChannelInvalid or ChannelNameTaken."""
        try:
            channel = CHANNEL.validate_python({**values, "channel_id": new_id("chan")})
        except ValidationError as error:
            where, reason = _first(error)
            raise ChannelInvalid(where=where, reason=reason) from error

        def added(settings: NotificationSettings) -> NotificationSettings:
            if any(other.name == channel.name for other in settings.channels):
                raise ChannelNameTaken(name=channel.name)
            return settings.model_copy(update={"channels": (*settings.channels, channel)})

        with self._lock:
            if secret is not None:
                self._write_secrets({**self._read_secrets(), channel.channel_id: secret})
            self._change(added)
        return channel

    def remove(self, reference: str) -> Channel:
        """Raises ChannelNotFound."""
        with self._lock:
            channel = self.find(reference)
            self._change(
                lambda settings: settings.model_copy(
                    update={"channels": tuple(each for each in settings.channels if each != channel)}
                )
            )
            self._write_secrets(
                {key: value for key, value in self._read_secrets().items() if key != channel.channel_id}
            )
        return channel

    def set_quiet_hours(self, begin: str | None, end: str | None) -> NotificationSettings:
        """`22:00` and `07:00`; None for both ends them. Raises QuietHoursInvalid."""
        quiet = None if begin is None and end is None else _hours(begin or "", end or "")
        with self._lock:
            return self._change(lambda settings: settings.model_copy(update={"quiet_hours": quiet}))

    def secret_of(self, channel: Channel) -> str | None:
        """For signing or signing in, and for nothing else."""
        return self._read_secrets().get(channel.channel_id)

    def _change(self, change: Callable[[NotificationSettings], NotificationSettings]) -> NotificationSettings:
        settings = change(self.read())
        write_json(self._path, settings.model_dump(mode="json"))
        return settings

    def _read_secrets(self) -> dict[str, str]:
        return dict(read_json(self._secrets)) if self._secrets.exists() else {}

    def _write_secrets(self, secrets: dict[str, str]) -> None:
        _make_private(self._secrets)
        write_json(self._secrets, secrets)
        self._secrets.chmod(0o600)


def _make_private(path: Path) -> None:
    """Its folder keeps others out also while the file is being written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)


def _hours(begin: str, end: str) -> QuietHours:
    for value in (begin, end):
        try:
            time.fromisoformat(value)
        except ValueError:
            raise QuietHoursInvalid(value=value or "an empty time") from None
    hours = QuietHours(begin=time.fromisoformat(begin), end=time.fromisoformat(end))
    if hours.begin == hours.end or hours.begin.tzinfo or hours.end.tzinfo:
        raise QuietHoursInvalid(value=f"{begin} to {end}")
    return hours


def _first(error: ValidationError) -> tuple[str, str]:
    """Where and why; the union's own tags are no part of the place."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("desktop", "webhook", "email")) or "the whole"
    return where, first["msg"].removeprefix("Value error, ").rstrip(".").lower()
