"""Ports of the loopback interface for services that come and go."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_CONNECTIONS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LEAST: Final = 10_000
"""Below are the ports of well-known programs."""


def free_port() -> int:
    """A port of loopback on which nobody listens, and which stays free until it is listened on, and between two times.

    It is none of those that the system itself deals out: each connection that anybody opens has one of these for a
    while, and a server that comes back to such a port finds it taken now and then.

    Raises
    ------
    OSError
        When a hundred ports in turn are taken.
    """
    dealt_out = int(_CONNECTIONS.read_text("ascii").split()[0])
    ports = range(_LEAST, dealt_out) if dealt_out > 2 * _LEAST else range(_LEAST, 2**16)
    for _ in range(100):
        port = random.SystemRandom().choice(ports)
        with socket.socket() as probe:
            # what a server that just ended leaves behind hinders nobody
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError("no port of loopback is free")
