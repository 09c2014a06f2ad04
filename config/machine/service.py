"""Runs the service: the web server's processes, and the cluster for as long as they live."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config.jobs.companions import Companions
from config.machine.database import cluster_of, reachable
from config.machine.running import Running, forget, read, start_tick
from config.settings import PROJECT, Settings, load
from geo.errors import Conflict, InvalidInput

LOG_BYTES = 20_000_000
TARGET = "config.web.app:create_app"


def log_path(settings: Settings) -> Path:
    """Log file of the service; the one before it is kept beside it once it has grown large."""
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    path = settings.log_dir / "service.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def check_port(settings: Settings) -> None:
    """See that the address is free before anything is started.

    Raises
    ------
    Conflict
        When another program listens there.
    InvalidInput
        When this machine has no such address, or the port is one of root's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # A port in TIME_WAIT is free; without this a restart would have to wait a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        raise InvalidInput("cli.port-forbidden", port=settings.port) from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise InvalidInput("cli.no-such-host", host=settings.host) from None
        raise Conflict("cli.port-busy", host=settings.host, port=settings.port, next=settings.port + 1) from None


def server_command(settings: Settings) -> list[str]:
    """Command line of the web server."""
    return [
        sys.executable, "-m", "granian", TARGET, "--factory", "--interface", "wsgi",
        "--host", settings.host, "--port", str(settings.port),
        "--workers", str(settings.workers), "--blocking-threads", str(settings.threads),
        "--respawn-failed-workers", "--workers-kill-timeout", "10", "--http", "auto", "--no-ws",
        "--log-level", settings.log_level, "--working-dir", str(PROJECT),
    ]  # fmt: skip


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a service answers there, whatever it says short of an error of its own."""
    # Never through a proxy of the environment: this is the machine itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as response:
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False


def local_url(settings: Settings) -> str:
    """Address of the service as this machine reaches it, whatever address clients see."""
    return settings.model_copy(update={"public_url": None}).base_url


def serve(settings: Settings, ready: Callable[[], None] | None = None, wait_s: float = 90.0) -> int:
    """Run the service until SIGTERM, SIGINT or its end.

    Parameters
    ----------
    settings : Settings
        As the administrator gave them, without the addresses of a private cluster.
    ready : callable, optional
        Called once the service answers.
    wait_s : float
        How long it may take until it does.

    Returns
    -------
    int
        0 after a signal.

    Raises
    ------
    Conflict
        When the server ended by itself or never answered; the log file says why.
    """
    asked_to_stop = False

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    log = log_path(settings)
    with reachable(settings) as complete, log.open("ab") as output:
        server = subprocess.Popen(
            server_command(complete), env=complete.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process only, which then stops the server in order
        )  # fmt: skip
        own, tick = start_tick(os.getpid()) or 0, start_tick(server.pid) or 0
        state = Running(os.getpid(), own, server.pid, tick, settings.base_url, local_url(settings))
        state.write(settings)
        companions = Companions(complete, output)
        try:
            deadline = time.monotonic() + wait_s
            answered = False
            while not asked_to_stop:
                if server.poll() is not None or (not answered and time.monotonic() > deadline):
                    raise Conflict("cli.service-failed", log=log)
                if not answered and answers(local_url(settings) + "/conformance?f=json"):
                    answered = True
                    if ready:
                        ready()
                companions.keep()
                time.sleep(0.1)
        finally:
            companions.stop()
            if server.poll() is None:
                server.terminate()
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
            state.stop_orphans()
            forget(settings)
    return 0


def serve_detached(settings: Settings, wait_s: float = 90.0) -> None:
    """Start `serve` in a process of its own and return when the service answers.

    Raises
    ------
    Conflict
        When it ended or did not answer in time; the log file says why.
    """
    log = log_path(settings)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.machine.service"], env=settings.environment(), cwd=PROJECT,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + wait_s
    while process.poll() is None and time.monotonic() < deadline:
        state = read(settings)
        if state and state.pid == process.pid and answers(local_url(settings) + "/conformance?f=json"):
            return
        time.sleep(0.1)
    if process.poll() is None:
        process.terminate()
        process.wait(60)
    raise Conflict("cli.service-failed", log=log)


def down(settings: Settings) -> bool:
    """Stop the service and its cluster, and wait until they are gone.

    Returns
    -------
    bool
        Whether a service ran.

    Raises
    ------
    Conflict
        When it doesn't stop.
    """
    state = read(settings)
    ran = state is not None and state.alive
    if state is not None:
        if not state.stop():
            raise Conflict("cli.wont-stop", pid=state.pid)
        forget(settings)
    if settings.private_cluster:
        cluster = cluster_of(settings)
        if cluster.made() and cluster.running():
            with cluster.held():
                pass  # the last who holds it stops it: a cluster that an import works on stays
    return ran


if __name__ == "__main__":
    sys.exit(serve(load()))
