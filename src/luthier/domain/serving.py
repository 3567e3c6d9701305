"""Why the server cannot start, with what to do about it."""

from luthier.domain.errors import Action, MissingPart, NotAllowedNow, ShortOfResources, WorkFailed, WrongUsage


class PortTaken(ShortOfResources):
    code = "serving.port_taken"
    sentence = "Port {port} of {host} is used by another program."
    actions = (Action(label="Use the next free port", command="luthier serve --port {free_port}"),)


class AddressNotUsable(WrongUsage):
    code = "serving.address_not_usable"
    sentence = "The server cannot listen on {host}, port {port}: {reason}."
    actions = (
        Action(label="Listen on this machine only, as is the default", command="luthier serve --host 127.0.0.1"),
    )


class ServerAlreadyRunning(NotAllowedNow):
    code = "serving.already_running"
    sentence = "This workspace is already served at {url} (process {pid})."
    actions = (
        Action(label="Open {url} in a browser"),
        Action(label="Serve another workspace", command="luthier --workspace PATH serve --port {free_port}"),
    )


class ServerNotStarted(WorkFailed):
    code = "serving.not_started"
    sentence = "The server for the window did not start: {reason}."
    actions = (
        Action(label="Start it by hand to see what it says", command="luthier serve"),
        Action(label="Read its log", command="luthier logs server"),
    )


class NoWindowHere(MissingPart):
    code = "serving.no_window_here"
    sentence = "No window can be opened here: {reason}."
    actions = (
        Action(label="Install what draws windows, on Linux", command="pip install 'pywebview[qt]'"),
        Action(label="Or use the browser", command="luthier serve"),
    )
