"""The command that opens the planners' notebooks, or runs them all: notebooks."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from config.settings import PROJECT, visiting
from config.terminal import Terminal
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from config.notebooks.visit import Visit

FOLDER = PROJECT / "notebooks"
SETTINGS = PROJECT / "config" / "notebooks"
"""Where JupyterLab finds ``labconfig``, settings that it has unless the reader has others."""
STORIES = ("first_steps", "sound_partition", "concentration", "splitting")
"""In the order in which they are told."""


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.notebooks")
    command = commands.add_parser("notebooks", help=text, description=text)
    command.add_argument("--execute", action="store_true", help=terminal.text("cli.notebooks.execute"))
    command.add_argument("--url", metavar="URL", help=terminal.text("cli.notebooks.url"))
    command.add_argument("--key", metavar="KEY", help=terminal.text("cli.notebooks.key"))
    command.add_argument("--out", type=Path, metavar="FOLDER", help=terminal.text("cli.notebooks.out"))
    command.set_defaults(run=run_notebooks)


def run_notebooks(args: argparse.Namespace, terminal: Terminal) -> int:
    """Open JupyterLab, or run every notebook; exit 1 when one of them fails."""
    if args.key and not args.url:
        raise InvalidInput("cli.notebooks.key-where")
    if args.out and not args.execute:
        raise InvalidInput("cli.notebooks.out-what")
    # whoever ends this ends the visit: its key, and a service that is thrown away
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with _visited(args, terminal) as visit:
        environment = visiting(visit.url, visit.key)
        return _execute(environment, args.out, terminal) if args.execute else _open(environment)


@contextmanager
def _visited(args: argparse.Namespace, terminal: Terminal) -> Iterator[Visit]:
    """The service that is named; else this project's own, or to run them all one that is thrown away."""
    from config.notebooks.visit import Visit, own_visit, thrown_away_visit

    if args.url:
        yield Visit(args.url, args.key)
        return
    with (thrown_away_visit if args.execute else own_visit)(terminal) as visit:
        yield visit


def _execute(environment: dict[str, str], out: Path | None, terminal: Terminal) -> int:
    from config.notebooks.execute import execute

    failed = False
    for story in STORIES:
        done = execute(FOLDER / f"{story}.ipynb", environment, out and out / f"{story}.ipynb")
        failed |= done.error is not None
        key = "cli.notebooks.failed" if done.error else "cli.notebooks.done"
        terminal.tell(key, name=story, seconds=done.seconds)
        for line in [*done.warnings, *([done.error] if done.error else [])]:
            terminal.note(line)
    return int(failed)


def _open(environment: dict[str, str]) -> int:
    """JupyterLab until it is closed; Ctrl-C is its own to answer. It asks nothing of the internet, nor for leave to."""
    folders = [str(SETTINGS), *filter(None, [environment.get("JUPYTER_CONFIG_PATH")])]
    environment = environment | {"JUPYTER_CONFIG_PATH": os.pathsep.join(folders)}
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={FOLDER}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--allow-root")
    with subprocess.Popen(command, env=environment) as process:
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue
        finally:
            process.terminate()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
