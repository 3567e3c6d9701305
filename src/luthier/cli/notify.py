"""`luthier notify`: who is told of milestones, failures and alerts, and what became of each notice."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.notifications import channel_document, channels_table, history_table, settings_document
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.notices import Urgency
from luthier.domain.notifications import channel_values

app = declare.noun()

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="Name or id of the channel.")]
_URGENCIES = ", ".join(Urgency)


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The channels, and the quiet hours."""
    settings = terminal.workspace.notifications.settings()
    terminal.result(settings_document(settings), lambda: channels_table(settings))


@declare.command(app, "add")
def add(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call the channel.")],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="desktop, an https:// address, or e-mail addresses with commas.")
    ],
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="May be repeated; see above.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the mail password; without it you are asked.")
    ] = None,
    least: Annotated[str, typer.Option(metavar="URGENCY", help=f"The least urgent: {_URGENCIES}.")] = "low",
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only of this kind, e.g. failed; may be repeated.")
    ] = None,
) -> None:
    """Add a channel: this machine's desktop, a webhook, or e-mail.

    --set sound=true lets the desktop be heard. E-mail needs --set host=SERVER, and takes port, security (starttls, tls
    or none), username and sender in the same way.
    """
    values = {**channel_values(target), **_pairs(options or []), "name": name, "least": least, "kinds": kind or ()}
    password = _password(password_file) if values.get("username") else None
    added = terminal.workspace.notifications.add(values, password)
    terminal.result(
        {**channel_document(added.channel), "secret": added.secret},
        lambda: [plain(f"{added.channel.name} leads to {added.channel.target}.")],
    )
    if added.secret is not None:
        terminal.say(plain("Its messages are signed with this secret, which is shown this once:"), plain(added.secret))
    terminal.say("Try it:", plain(f"  luthier notify test {shlex.quote(added.channel.name)}", "command"))


@declare.command(app, "remove")
def remove(terminal: Terminal, channel: ChannelArgument) -> None:
    """Remove a channel; what it has not sent yet is dropped."""
    removed = terminal.workspace.notifications.remove(channel)
    terminal.result(channel_document(removed), lambda: [plain(f"{removed.name} is removed.")])


@declare.command(app, "test")
def test(terminal: Terminal, channel: ChannelArgument) -> None:
    """Send a notice now, and say whether it was taken."""
    tested = terminal.patiently("Sending", lambda _: terminal.workspace.notifications.test(channel))
    terminal.result(channel_document(tested), lambda: [plain(f"Taken by {tested.target}.")])


@declare.command(app, "quiet")
def quiet(
    terminal: Terminal,
    begin: Annotated[str | None, typer.Argument(metavar="BEGIN", help="E.g. 22:00, in this machine's time.")] = None,
    end: Annotated[str | None, typer.Argument(metavar="END", help="E.g. 07:00.")] = None,
) -> None:
    """Set quiet hours, in which only what is urgent is sent; without times, end them."""
    settings = terminal.workspace.notifications.set_quiet_hours(begin, end)
    hours = settings.quiet_hours
    words = f"Quiet from {hours.begin:%H:%M} to {hours.end:%H:%M}." if hours else "There are no quiet hours."
    terminal.result(settings_document(settings), lambda: [plain(words)])


@declare.command(app, "history")
def history(
    terminal: Terminal,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")] = 20,
) -> None:
    """The newest notices, and what became of each."""
    records = terminal.workspace.notifications.history(limit=limit)
    names = {each.channel_id: each.name for each in terminal.workspace.notifications.settings().channels}
    terminal.result(records, lambda: history_table(records, names))


def _pairs(options: list[str]) -> dict[str, str]:
    for option in options:
        if not all(option.partition("=")):
            message = f"{option} is no setting of a channel; write it as key=value."
            raise NotUnderstood(message=message, command="luthier notify add --help")
    return {key: value for key, _, value in (option.partition("=") for option in options)}


def _password(file: Path | None) -> str:
    """Never an option: what is typed there can be read by every process of the machine."""
    if file is None:
        return str(typer.prompt("Password of the mail server", hide_input=True, err=True))
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The password cannot be read from {file}."
        raise NotUnderstood(message=message, command="luthier notify add --help") from error
