"""Refuses every connection and name look-up beyond this machine, through Python's audit events, unless allowed."""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_allowances: list[None] = []


class NetworkIsOff(OSError):
    """A test reached for another machine."""


def guard() -> None:
    """Audit hooks cannot be removed, so this is called once, when the tests start."""
    sys.addaudithook(_on_event)


@contextmanager
def network_allowed() -> Iterator[None]:
    """For the one fixture that fetches the starter model."""
    _allowances.append(None)
    try:
        yield
    finally:
        _allowances.pop()


def _on_event(event: str, arguments: tuple[object, ...]) -> None:
    if event in _SENDS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket
    elif event in _LOOK_UPS:
        host = arguments[0]
    else:
        return
    if not _allowances and not _is_this_machine(host):
        raise NetworkIsOff(f"The network is off in tests, and this one asked for {host!r}.")


def _is_this_machine(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost", "testserver"):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
