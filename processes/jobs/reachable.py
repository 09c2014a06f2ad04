"""Which addresses of the network a stranger may have us connect to: those of the public internet."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052; what 64:ff9b:1::/48 leads to is a network's own affair


def may_reach(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is one of the public internet or of an allowed network.

    Parameters
    ----------
    address : str
        IPv4 or IPv6, a zone after ``%`` or not.
    allowed : sequence of network
        Allowed although they are private.

    Examples
    --------
    >>> may_reach("93.184.216.34", ()), may_reach("::ffff:127.0.0.1", ()), may_reach("169.254.169.254", ())
    (True, False, False)
    """
    known = ipaddress.ip_address(address.partition("%")[0])
    inner = _embedded(known)
    if any(one.version == network.version and one in network for one in (known, inner) for network in allowed):
        return True
    # behind NAT64 and in the mapped form the IPv4 address is all that counts: Python calls both forms reserved
    judged = (inner,) if known in _NAT64 or getattr(known, "ipv4_mapped", None) else (known, inner)
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in judged)


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to in the end; the address itself where it leads to none."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_ipv6(host: str) -> bool:
    """Whether a host is an IPv6 address, a zone after ``%`` or not."""
    try:
        ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def literal_address(host: str) -> str | None:
    """The address that a host is by itself, in any form that a resolver takes: 2130706433, 0x7f.1, 017700000001."""
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return "127.0.0.1"
    if is_ipv6(host):
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeError):
        return None
