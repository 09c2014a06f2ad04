"""Addresses of message brokers: ``mqtt://host:port/topic``."""

from __future__ import annotations

from urllib.parse import urlsplit

from geo.errors import InvalidInput

_PORTS = {"mqtt": 1883, "mqtts": 8883}


def broker_address(uri: str) -> tuple[str, int, str]:
    """Host, port and root topic of a broker's address.

    Raises
    ------
    InvalidInput
        When it is none, or its topic is missing or has a wildcard.

    Examples
    --------
    >>> broker_address("mqtt://broker/wangge/taixing")
    ('broker', 1883, 'wangge/taixing')
    """
    try:
        parts = urlsplit(uri)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise InvalidInput("push.broker", uri=uri[:200]) from None
    root = parts.path.strip("/")
    if parts.scheme not in _PORTS or not parts.hostname or not root or any(mark in root for mark in "+#"):
        raise InvalidInput("push.broker", uri=uri[:200])
    return parts.hostname, port, root
