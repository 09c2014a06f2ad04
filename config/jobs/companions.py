"""What runs beside a service: its workers, as many as are set, and who sends its events; started anew when one ends."""

from __future__ import annotations

import os
import subprocess
import time
from typing import IO, Any

from config.jobs.companion import companion_command
from config.settings import PROJECT, Settings

_SOON_S = 10.0
"""A worker that ends sooner than this after its start waits as long before the next one: something is wrong."""


class Companions:
    """The workers of one service, and its dispatcher of events.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    output : file
        Where they log.
    """

    def __init__(self, settings: Settings, output: IO[bytes]) -> None:
        self._settings = settings
        self._output = output
        self._commands = [
            companion_command(module, os.getpid())
            for module in ["config.jobs.worker"] * settings.job_workers + ["config.push.dispatcher"]
        ]
        self._running: list[tuple[subprocess.Popen[Any], float]] = [self._start(each) for each in self._commands]

    def keep(self) -> None:
        """Start those anew that ended."""
        for place, (worker, since) in enumerate(self._running):
            if worker.poll() is not None and time.monotonic() - since > _SOON_S:
                self._running[place] = self._start(self._commands[place])

    def stop(self, wait_s: float = 10.0) -> None:
        """Have them give back what they run, and see that they are gone."""
        for worker, _ in self._running:
            worker.terminate()
        end = time.monotonic() + wait_s
        for worker, _ in self._running:
            try:
                worker.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()

    def _start(self, command: list[str]) -> tuple[subprocess.Popen[Any], float]:
        started = subprocess.Popen(
            command, env=self._settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the service only, which then stops them in order
        )  # fmt: skip
        return started, time.monotonic()
