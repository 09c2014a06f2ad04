"""A process of the service beside its web server: started by it, told to stop by a signal, never left behind."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from config.jobs.lifeline import end_with
from config.machine.database import reachable
from config.settings import Settings, load


class Companion(Protocol):
    """What such a process does."""

    def run(self) -> None:
        """Work until `stop`."""

    def stop(self, *_signal: object) -> None:
        """End in order; may be called from a signal."""


def companion_command(module: str, parent: int) -> list[str]:
    """Command line of a companion that ends when its parent is gone; ``module`` calls `serve`."""
    return [sys.executable, "-m", module, "--parent", str(parent)]


def serve(module: str, make: Callable[[Settings], Companion], arguments: Sequence[str] | None = None) -> int:
    """Run a companion until SIGTERM or SIGINT.

    Parameters
    ----------
    module : str
        What is being run, for its help.
    make : callable
        Makes the companion from settings that have the addresses of the database.
    arguments : sequence of str, optional
        Of the command line.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--parent", type=int, help="end in order when this process, which started it, is gone")
    parent = parser.parse_args(arguments).parent
    if parent is not None:
        end_with(parent, signal.SIGTERM)
    settings = load()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with reachable(settings) as complete:
        companion = make(complete)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, companion.stop)
        companion.run()
    return 0
