"""Those who are told: a web server that keeps what is posted to it, and a real broker with somebody who listens."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from config.machine.ports import free_port


def answers(port: int) -> bool:
    """Whether anybody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Posted:
    """A web server that keeps every event posted to it.

    Attributes
    ----------
    uri : str
        Its address.
    answer : callable
        Says of an event which status it is answered with.
    events : list
        Headers and body of each that was answered with 200, in the order of arrival.
    """

    uri: str
    answer: Callable[[dict[str, Any]], int] = lambda event: 200
    events: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def documents(self) -> list[dict[str, Any]]:
        """The events themselves."""
        return [json.loads(body) for _, body in list(self.events)]


@contextmanager
def posted_to(port: int | None = None) -> Iterator[Posted]:
    """A web server on loopback for as long as the block lasts."""
    kept = Posted("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = kept.answer(json.loads(body))
            if status == 200:
                kept.events.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port() if port is None else port), Handler)
    server.daemon_threads = True
    kept.uri = f"http://127.0.0.1:{server.server_port}/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


class RealBroker:
    """mosquitto on loopback, which can be killed and started again, and a listener that never lets go.

    What it has acknowledged it has written to its listener: who sends comes through a gate that is open only while the
    listener is subscribed, and to a listener without acknowledgements of its own nothing is held back. Such a listener
    writes nothing either, so that it reads to the end what a killed broker had sent: a write to a connection that is
    gone would end it with something unread. A session that the broker keeps would not do, as it is written to its file
    after what it is for was acknowledged.
    """

    def __init__(self, program: Path, folder: Path, settings: str = "") -> None:
        self.heard: list[tuple[str, bytes, str]] = []
        self._own_port = free_port()
        self._gate = Gate(self._own_port)
        self.port = self._gate.port
        self._program, self._folder = program, folder
        (folder / "mosquitto.conf").write_text(
            f"listener {self._own_port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n{settings}",
            "utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = paho.Client(CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv5)
        self._listener.on_message = self._hear
        self._listener.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]  # parts of a second do
        self._listener.on_connect = self._subscribe
        self._listener.on_subscribe = lambda *_: self._gate.open()

    def start(self) -> None:
        """Run it, and return when it answers and the listener is there."""
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + 90
        while not answers(self._own_port):
            assert time.monotonic() < end, (self._folder / "mosquitto.log").read_text("utf-8")
            time.sleep(0.02)
        if self._listener._thread is None:
            self._listener.connect("127.0.0.1", self._own_port, keepalive=0)
            self._listener.loop_start()
        while not self._gate.is_open():
            assert time.monotonic() < end
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._gate.shut()
        self._process.kill()
        self._process.wait()

    def _subscribe(self, *_: object) -> None:
        self._listener.subscribe("wangge/#", qos=0)

    def stop(self) -> None:
        """End it and the listener."""
        self._listener.disconnect()
        self._listener.loop_stop()
        self.kill()
        self._gate.end()

    def _hear(self, _client: object, _data: object, message: Any) -> None:
        self.heard.append((message.topic, message.payload, message.properties.ContentType))


class Gate:
    """A port of loopback that leads to another one while it is open, and ends every connection when it is shut.

    Parameters
    ----------
    to : int
        The other port.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._open = threading.Event()
        self._through: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def is_open(self) -> bool:
        return self._open.is_set()

    def open(self) -> None:
        self._open.set()

    def shut(self) -> None:
        """Let nobody in, and end whoever is through."""
        self._open.clear()
        for one in list(self._through):
            with suppress(OSError):  # it may have ended by itself
                one.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Be no port any more."""
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):  # of a port that is no more
            while True:
                outer, _ = self._server.accept()
                threading.Thread(target=self._lead, args=(outer,), daemon=True).start()

    def _lead(self, outer: socket.socket) -> None:
        with outer, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as inner:
            self._through |= {outer, inner}
            try:
                # asked when both can be found by who shuts it
                if self.is_open():
                    back = threading.Thread(target=self._carry, args=(inner, outer), daemon=True)
                    back.start()
                    self._carry(outer, inner)
                    back.join()
            finally:
                self._through -= {outer, inner}

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
