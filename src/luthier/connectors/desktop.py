"""Notices on the desktop of this machine, by the program that its system has for them."""

import html
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from luthier.domain.notices import Notice, Urgency
from luthier.domain.notifications import DesktopChannel, DesktopNotThere
from luthier.settings import process_environment

_SECONDS = 15.0
_LINUX_URGENCY = {Urgency.LOW: "low", Urgency.NORMAL: "normal", Urgency.URGENT: "critical"}
_APPLE = (
    "on run argv",
    'if item 3 of argv is "" then',
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "else",
    "display notification (item 2 of argv) with title (item 1 of argv) sound name (item 3 of argv)",
    "end if",
    "end run",
)
# The texts come by the environment, so that nothing in them can be taken for a part of the script.
_WINDOWS = """
$ErrorActionPreference = 'Stop'
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$kind = [Windows.UI.Notifications.ToastTemplateType]::ToastText02
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent($kind)
$texts = $toast.GetElementsByTagName('text')
$texts.Item(0).AppendChild($toast.CreateTextNode($env:NOTICE_TITLE)) | Out-Null
$texts.Item(1).AppendChild($toast.CreateTextNode($env:NOTICE_SENTENCE)) | Out-Null
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$shown = [Windows.UI.Notifications.ToastNotification]::new($toast)
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($app).Show($shown)
"""


class Desktop:
    """The system decides whether it shows a notice at once: its do-not-disturb is honoured by itself."""

    def __init__(self, platform: str = sys.platform, find: Callable[[str], str | None] = shutil.which) -> None:
        self._platform = platform
        self._find = find

    def send(self, notice: Notice, channel: DesktopChannel) -> None:
        """Raises DesktopNotThere."""
        match self._platform:
            case "darwin":
                sound = "Glass" if channel.sound else ""
                script = [part for line in _APPLE for part in ("-e", line)]
                self._run("osascript", [*script, "--", notice.title, notice.sentence, sound])
            case "win32":
                texts = {"NOTICE_TITLE": notice.title, "NOTICE_SENTENCE": notice.sentence}
                self._run("powershell", ["-NoProfile", "-NonInteractive", "-Command", _WINDOWS], texts)
            case _:
                heard = ["--hint=string:sound-name:message-new-instant"] if channel.sound else []
                urgency = f"--urgency={_LINUX_URGENCY[notice.urgency]}"
                shown = [notice.title, html.escape(notice.sentence, quote=False)]
                self._run("notify-send", ["--app-name=Luthier", urgency, *heard, "--", *shown])

    def _run(self, program: str, arguments: list[str], more: Mapping[str, str] | None = None) -> None:
        found = self._find(program)
        if found is None:
            raise DesktopNotThere(reason=f"the program {program} is not installed")
        try:
            ended = subprocess.run(  # noqa: S603 - the system's own program, no shell
                [found, *arguments],
                env={**process_environment(), **(more or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DesktopNotThere(reason=f"{program} does not answer", details=repr(error)) from error
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            raise DesktopNotThere(reason=f"{program} says: {said[-1] if said else f'exit code {ended.returncode}'}")
