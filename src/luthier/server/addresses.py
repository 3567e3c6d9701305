"""Which names and origins are this server's own: exact matches with the port, so that no other site can pose as it."""

import ipaddress
import socket
from dataclasses import dataclass

import psutil

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Addresses:
    """`url` is the one to show; `hosts` are the values of the Host header that are answered."""

    url: str
    hosts: frozenset[str]

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(f"http://{host}" for host in self.hosts)


def addresses_of(host: str, port: int) -> Addresses:
    """For a server that listens on `host`; listening on every interface means all names of this machine."""
    names = {*LOOPBACK_NAMES, _bracketed(host)}
    shown = _bracketed(host)
    if _is_wildcard(host):
        names = {*LOOPBACK_NAMES, *_own_names()}
        shown = "127.0.0.1"
    with_port = {f"{name.lower()}:{port}" for name in names}
    without_port = {name.lower() for name in names} if port == 80 else set()
    return Addresses(url=f"http://{shown}{'' if port == 80 else f':{port}'}", hosts=frozenset(with_port | without_port))


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_names() -> set[str]:
    found = {socket.gethostname(), socket.getfqdn()}
    for interface in psutil.net_if_addrs().values():
        found |= {_bracketed(item.address) for item in interface if item.family in (socket.AF_INET, socket.AF_INET6)}
    return found


def _bracketed(host: str) -> str:
    """IPv6 addresses stand in brackets in a URL, without the interface's name."""
    return f"[{host.partition('%')[0]}]" if ":" in host else host
