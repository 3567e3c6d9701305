"""Where something may be sent to: a name is looked up once, and judged by the addresses that it has."""

import ipaddress
import socket
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443, "smtp": 25}


class NotAllowedThere(Exception):
    """`str()` is the reason in a few words."""


class Target(NamedTuple):
    """A place whose address was looked up and judged; who connects to `address` cannot be led elsewhere."""

    host: str
    port: int
    address: str


def target_of(origin: str, allowed: Collection[str], *, offline: bool = False) -> Target:
    """`origin` is scheme://host[:port]. Addresses that only this machine or its network can reach, those of cloud
    metadata services among them, are open to origins that somebody has allowed by name.

    Raises NotAllowedThere, and OSError when the name cannot be looked up.
    """
    parts = urlsplit(origin)
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    addresses = _addresses_of(host, port)
    named = _normal(origin) in {_normal(each) for each in allowed}
    inner = [address for address in addresses if not is_public(address)]
    if offline and len(inner) < len(addresses):
        raise NotAllowedThere("Luthier was told to stay offline")
    if inner and not named:
        raise NotAllowedThere(f"{inner[0]} can be reached from this machine or its network alone")
    return Target(host, port, addresses[0])


def is_public(address: str) -> bool:
    """An IPv4 address inside an IPv6 one counts as what it stands for."""
    judged = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(judged, ipaddress.IPv6Address):
        inner = judged.ipv4_mapped or judged.sixtofour or (judged.teredo[1] if judged.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if judged in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(judged) & 0xFFFFFFFF)))
    return judged.is_global and not judged.is_multicast


def _addresses_of(host: str, port: int) -> list[str]:
    """A number in any spelling stands for itself and is looked up nowhere."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except OSError:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def _normal(origin: str) -> tuple[str, str, int | None]:
    parts = urlsplit(origin)
    return parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme.lower())
