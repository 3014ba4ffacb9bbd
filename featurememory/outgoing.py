"""Which hosts the server may call: named in the environment, by whoever runs it, and nowhere else."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# A name is looked up again after so many seconds: what it points to may change.
LOOKUP_S, MOST_NAMES = 30.0, 100
_looked_up: dict[tuple[str, int], tuple[float, list[Address]]] = {}


def find_refusal(
    url: str, allowed: Sequence[str], variable: str, *, must_resolve: bool = True
) -> str | None:
    """Why this URL may not be called; None when it may. The text never repeats the URL.

    `allowed` has host names, `*.example.com`, addresses and networks. A named host must have public
    addresses, unless the private ones are named too: else whoever runs the name server of that host
    could point it at this machine.
    """
    host, port, why = read_host(url)
    if why:
        return why
    if not is_named(host, allowed):
        return f"Its host is not among {variable}, which whoever runs this server sets."
    addresses = look_up(host, port)
    if not addresses:  # at a call nothing can be reached then, and names fail for moments
        return "Its host has no address." if must_resolve else None
    if not all(is_public(one) or is_named(str(one), allowed) for one in addresses):
        return f"Its host has a private address that is not among {variable} itself."
    return None


def find_private_refusal(url: str, allowed: Sequence[str], variable: str) -> str | None:
    """Why this URL may not be called by a server that may call any public host; None when it may.

    Private addresses must be named: else people of a project could reach what only this machine can.
    """
    host, port, why = read_host(url)
    if why:
        return why
    addresses = look_up(host, port)
    if not addresses:
        return "Its host has no address."
    if not all(is_public(one) or is_named(str(one), allowed) for one in addresses):
        return (
            f"Its host has a private address, and that is not among {variable}, which whoever runs "
            "this server sets."
        )
    return None


def read_host(url: str) -> tuple[str, int, str]:
    """(host, port, why it is no URL that can be called)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "", 0, "This is no URL."
    if parts.scheme not in ("http", "https") or not host:
        return "", 0, "It must begin with http:// or https:// and name a host."
    if "@" in parts.netloc:
        return "", 0, "It must not hold a user or password: keys come from the environment."
    return host, port or (443 if parts.scheme == "https" else 80), ""


def is_named(host: str, allowed: Sequence[str]) -> bool:
    """Whether the list names this host: by name, by `*.` and its domain, by address or network."""
    names = {name.lower().rstrip(".") for name in allowed}
    if host.lower() in names:
        return True
    if any(name.startswith("*.") and host.lower().endswith(name[1:]) for name in names):
        return True
    try:
        address = unmapped(ipaddress.ip_address(host))
    except ValueError:
        return False
    return any(address in network for network in list_networks(names))


def list_networks(names: set[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for name in names:
        try:
            found.append(ipaddress.ip_network(name.strip("[]"), strict=False))
        except ValueError:
            continue  # a host name
    return found


def is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def unmapped(address: Address) -> Address:
    """::ffff:10.0.0.1 is 10.0.0.1."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def look_up(host: str, port: int) -> list[Address]:
    now = time.monotonic()
    at, found = _looked_up.get((host, port), (-LOOKUP_S, []))
    if now - at < LOOKUP_S:
        return found
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    texts = {str(entry[4][0]).partition("%")[0] for entry in entries}
    found = [unmapped(ipaddress.ip_address(text)) for text in sorted(texts)]
    if len(_looked_up) >= MOST_NAMES:
        _looked_up.clear()
    _looked_up[host, port] = (now, found)
    return found
