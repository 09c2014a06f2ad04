"""Tells a subscriber's address something over HTTP without being led into the network behind the service.

Whoever asks for a job names the address, so it is a stranger's. Its name is resolved once, every address that it stands
for is looked at, and the connection goes to the very address that was looked at: a name that says something else a
moment later (DNS rebinding) gains nothing. Redirects are not followed, and no proxy is asked.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from geo.errors import InvalidInput
from processes.jobs.reachable import Network, is_ipv6, literal_address, may_reach

Resolver = Callable[[str, int], Sequence[str]]

LONGEST_URI = 2000
_PORTS = {"http": 80, "https": 443}


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a host as this machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Reach:
    """Where callbacks may go.

    Attributes
    ----------
    allowed : tuple of network
        Networks that are allowed although they are private.
    time_limit_s : float
        For the whole of one callback: name, connection, request and answer.
    resolver : callable
        Host and port to the addresses that the host stands for.
    """

    allowed: tuple[Network, ...] = ()
    time_limit_s: float = 10.0
    resolver: Resolver = system_resolver


def check_address(uri: str, name: str, allowed: Sequence[Network] = ()) -> None:
    """See whether something can be sent to an address, as far as that is known without asking anybody.

    Parameters
    ----------
    uri : str
        What was given.
    name : str
        Under which name it was given.
    allowed : sequence of network
        Allowed although they are private.

    Raises
    ------
    InvalidInput
        When it is no address of the web.
        Or when it is written as a private one, in any of the ways in which a number can be written.
    """
    parts, _ = _parts(uri, name)
    literal = literal_address(str(parts.hostname))
    if literal is not None and not may_reach(literal, allowed):
        raise InvalidInput("job.callback-private", name=name, host=str(parts.hostname)[:100])


def post(uri: str, body: bytes, reach: Reach, headers: Mapping[str, str] | None = None) -> int:
    """Send JSON to an address.

    Parameters
    ----------
    uri : str
        With http or https.
    body : bytes
        JSON.
    reach : Reach
        Where it may go, and for how long.
    headers : mapping of str to str, optional
        Of the request, beside or in the place of our own.

    Returns
    -------
    int
        HTTP status of the answer, whatever it says; a redirect is not followed.

    Raises
    ------
    InvalidInput
        As `check_address`, and when the name stands for a private address.
    OSError, http.client.HTTPException
        When it could not be delivered; TimeoutError when it took too long.
    """
    end = time.monotonic() + reach.time_limit_s
    parts, port = _parts(uri, "uri")
    host = str(parts.hostname)
    addresses = _in_time(lambda: reach.resolver(host, port), reach.time_limit_s)
    if not addresses:
        raise OSError(f"no address for {host}")
    if not all(may_reach(address, reach.allowed) for address in addresses):
        raise InvalidInput("job.callback-private", name="uri", host=host[:100])
    connection = _Pinned(parts, port, addresses, end)
    # a timeout of a socket counts from byte to byte, so one who sends a byte now and then would hold us for ever
    watch = threading.Timer(max(0.0, end - time.monotonic()), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        ours = {"Content-Type": "application/json", "User-Agent": "wangge"}
        connection.request("POST", path, body, {**ours, **(headers or {})})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        if time.monotonic() < end:
            raise
        status = 0
    finally:
        watch.cancel()
        connection.close()
    # where the connection was cut, what had come until then may look like a whole answer
    if time.monotonic() >= end:
        raise TimeoutError(f"{host} took longer than {reach.time_limit_s} s")
    return status


class _Pinned(http.client.HTTPConnection):
    """A connection to the addresses that were looked at, whatever the host's name says by now."""

    def __init__(self, parts: SplitResult, port: int, addresses: Sequence[str], end: float) -> None:
        super().__init__(str(parts.hostname), port)
        self.default_port = _PORTS[parts.scheme]
        self._context = ssl.create_default_context() if parts.scheme == "https" else None
        self._addresses = addresses
        self._end = end

    def connect(self) -> None:
        """Open the connection to the first of the addresses that takes it."""
        for place, address in enumerate(self._addresses, 1):
            try:
                left = max(0.1, self._end - time.monotonic())
                self.sock = socket.create_connection((address, self.port), timeout=left)
                break
            except OSError:
                if place == len(self._addresses) or time.monotonic() >= self._end:
                    raise
        if self._context is not None:
            wrapped = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = wrapped
            wrapped.do_handshake()

    def cut(self) -> None:
        """End it at once, from another thread."""
        if self.sock is not None:
            with suppress(OSError):  # it ended by itself
                self.sock.shutdown(socket.SHUT_RDWR)


def _parts(uri: str, name: str) -> tuple[SplitResult, int]:
    """Parts of an address of the web, its host in ASCII, and its port."""
    shown = str(uri)[:200]
    if not isinstance(uri, str) or len(uri) > LONGEST_URI or not uri.isprintable() or " " in uri:
        raise InvalidInput("job.callback-uri", name=name, uri=shown)
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
        if not is_ipv6(host):
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise InvalidInput("job.callback-uri", name=name, uri=shown) from None
    if parts.scheme not in _PORTS or not host or parts.username is not None or not uri.isascii() or port == 0:
        raise InvalidInput("job.callback-uri", name=name, uri=shown)
    return parts, port or _PORTS[parts.scheme]


def _in_time[T](work: Callable[[], T], limit_s: float) -> T:
    """What ``work`` answers; a resolver knows no time limit of its own."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="wangge-resolve", daemon=True)
    thread.start()
    thread.join(limit_s)
    if done:
        return done[0]
    raise OSError(f"the name can't be resolved: {failed[0]}") if failed else TimeoutError("the name took too long")
