"""Those who are told: a web server that keeps what is posted to it, and a real broker with somebody who listens."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
def posted_to(port: int = 0) -> Iterator[Posted]:
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

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
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

    What it has acknowledged it has written to its listener: it holds nothing back in a window, and the listener's
    session outlives it in its file.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self.port = free_port()
        self.heard: list[tuple[str, bytes, str]] = []
        self._program, self._folder = program, folder
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
            "user root\n",
            "utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = paho.Client(CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv5)
        self._listener.on_message = self._hear
        self._listener.reconnect_delay_set(0.05, 0.2)
        self._listener.on_connect = lambda *_: self._listener.subscribe("wangge/#", qos=1)

    def start(self) -> None:
        """Run it, and return when it answers and the listener is there."""
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + 20
        while not answers(self.port):
            assert time.monotonic() < end, (self._folder / "mosquitto.log").read_text("utf-8")
            time.sleep(0.02)
        if self._listener._thread is None:
            self._listener.connect("127.0.0.1", self.port, clean_start=False)
            self._listener.loop_start()
        while not self._listener.is_connected():
            assert time.monotonic() < end
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it and the listener."""
        self._listener.disconnect()
        self._listener.loop_stop()
        self.kill()

    def _hear(self, _client: object, _data: object, message: Any) -> None:
        self.heard.append((message.topic, message.payload, message.properties.ContentType))
