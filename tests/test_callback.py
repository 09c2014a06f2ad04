"""Callbacks: where they may go, in whatever way the address is written, and what a hostile subscriber can do."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from processes.jobs.callback import Reach, check_address, post
from processes.jobs.reachable import may_reach

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
Answering = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def listening(answer: Answering) -> Iterator[tuple[int, list[tuple[str, str, bytes]]]]:
    """A subscriber on the loopback interface: its port, and path, Host and body of what it was told."""
    told: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, self.headers["Host"], body))
            answer(self)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port, told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plain(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


PRIVATE = [
    "127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::a00:1", "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_out_of_reach(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_the_internet_is_in_reach(address: str) -> None:
    assert may_reach(address, ())


def test_an_allowed_network_is_in_reach_and_its_neighbour_is_not() -> None:
    allowed = (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00::/64"))
    assert (
        may_reach("10.20.255.1", allowed) and may_reach("::ffff:10.20.0.1", allowed) and may_reach("fd00::9", allowed)
    )
    assert not may_reach("10.21.0.1", allowed) and not may_reach("fd00:0:0:1::9", allowed)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.0.0.1.",
        "10.1", "167772161", "0xa9fea9fe", "localhost", "LOCALHOST", "a.localhost", "[::1]", "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]", "0", "[fe80::1%25eth0]",
    ],
)  # fmt: skip
def test_a_private_address_is_refused_in_whatever_way_it_is_written(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_address(f"http://{host}:8080/x", "successUri")
    assert refused.value.key == "job.callback-private"
    assert refused.value.values["name"] == "successUri"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "{:#x}", "0{:o}"]))
def test_a_number_as_a_host_is_the_address_that_it_stands_for(number: int, form: str) -> None:
    reachable = may_reach(str(ipaddress.IPv4Address(number)), ())
    try:
        check_address(f"http://{form.format(number)}/", "successUri")
    except InvalidInput:
        assert not reachable
    else:
        assert reachable


@pytest.mark.parametrize(
    "uri",
    [
        "", "x", "/x", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "http://", "http:///x",
        "http://user:word@example.org/", "http://user@example.org/", "http://example.org:0/", "http://example.org:99999/",
        "http://exa mple.org/", "http://example.org/\r\nX: y", "http://example.org/\x00", "http://[::1", "http://a..b/",
        "http://127。0。0。1/", "http://пример.рф/", "javascript:alert(1)", "http://example.org/" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_address(uri, "failedUri")
    assert refused.value.key == "job.callback-uri"


@pytest.mark.parametrize(
    "uri", ["https://example.org", "http://example.org:8080/a?b=c", "https://xn--e1afmkfd.xn--p1ai/"]
)
def test_addresses_of_the_web_are_taken(uri: str) -> None:
    check_address(uri, "successUri")


def test_it_is_posted_as_it_is() -> None:
    with listening(plain) as (port, told):
        assert post(f"http://127.0.0.1:{port}/a/b?c=d", b'{"x": 1}', Reach(LOOPBACK)) == 204
    assert told == [("/a/b?c=d", f"127.0.0.1:{port}", b'{"x": 1}')]


def test_nothing_is_sent_where_a_name_stands_for_a_private_address() -> None:
    with listening(plain) as (port, told):
        for address in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]):
            reach = Reach(resolver=lambda host, port, found=address: found)
            with pytest.raises(InvalidInput) as refused:
                post(f"http://good.example:{port}/", b"{}", reach)
            assert refused.value.key == "job.callback-private"
    assert told == []


def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_looked_at() -> None:
    """DNS rebinding: the name stands for an allowed address while it is looked at, and for another one afterwards."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with listening(plain) as (port, told):
        # the name doesn't exist anywhere, so whoever asked the system for it again would fail
        assert post(f"http://rebinding.invalid:{port}/", b"{}", Reach(LOOPBACK, resolver=rebinding)) == 204
    assert asked == ["rebinding.invalid"]
    assert told == [("/", f"rebinding.invalid:{port}", b"{}")]


def test_a_redirect_is_not_followed() -> None:
    with listening(plain) as (inner, told_inner):

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", f"http://127.0.0.1:{inner}/metadata")
            handler.end_headers()

        with listening(redirect) as (port, told):
            assert post(f"http://127.0.0.1:{port}/", b"{}", Reach(LOOPBACK)) == 307
    assert len(told) == 1
    assert told_inner == []


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(plain) as (proxy, told_proxy), listening(plain) as (port, told):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        post(f"http://127.0.0.1:{port}/", b"{}", Reach(LOOPBACK))
    assert len(told) == 1
    assert told_proxy == []


def drips(connection: socket.socket, ended: threading.Event) -> None:
    """An answer of which a byte comes now and then, for as long as somebody listens."""
    connection.recv(65536)
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.05):
            connection.sendall(b"X")
    except OSError:
        pass
    connection.close()


def silent(connection: socket.socket, ended: threading.Event) -> None:
    """No answer at all."""
    ended.wait()
    connection.close()


@pytest.mark.parametrize("behaviour", [drips, silent], ids=lambda behaviour: behaviour.__name__)
def test_a_subscriber_can_hold_us_no_longer_than_the_limit(
    behaviour: Callable[[socket.socket, threading.Event], None],
) -> None:
    """Each byte of the slow one comes well within the limit; all of them never would."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: behaviour(server.accept()[0], ended))
        thread.start()
        try:
            with pytest.raises(TimeoutError):
                post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", Reach(LOOPBACK, time_limit_s=0.5))
        finally:
            ended.set()
            thread.join()


def test_a_resolver_can_hold_us_no_longer_than_the_limit() -> None:
    ended = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        ended.wait()
        return ["93.184.216.34"]

    try:
        with pytest.raises(TimeoutError):
            post("http://slow.invalid/", b"{}", Reach(time_limit_s=0.2, resolver=slow))
    finally:
        ended.set()


def test_the_next_address_of_a_name_is_tried() -> None:
    with listening(plain) as (port, told):
        reach = Reach(LOOPBACK, resolver=lambda host, port: ["127.0.0.9", "127.0.0.1"])
        assert post(f"http://two.invalid:{port}/", b"{}", reach) == 204
    assert len(told) == 1


def test_a_certificate_of_nobody_is_refused() -> None:
    """TLS is spoken to the pinned address and held to the name; a plain listener shows at least that it is spoken."""
    with listening(plain) as (port, told), pytest.raises(OSError):
        post(f"https://127.0.0.1:{port}/", b"{}", Reach(LOOPBACK, time_limit_s=5))
    assert told == []
