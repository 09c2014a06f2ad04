"""Commands that save and bring back everything: backup, restore."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from config.machine.backup import backup, restore
from config.machine.database import reachable
from config.machine.running import read
from config.settings import load
from config.terminal import Terminal
from geo.errors import Conflict, InvalidInput


def add(commands: Any, terminal: Terminal) -> None:
    """Add these commands to the command line."""
    for name, run in (("backup", run_backup), ("restore", run_restore)):
        text = terminal.text(f"cli.{name}")
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", type=Path, metavar="FILE", help=terminal.text(f"cli.{name}.file"))
        command.set_defaults(run=run)


def run_backup(args: argparse.Namespace, terminal: Terminal) -> int:
    """Save the database, whether the service runs or not."""
    with reachable(load()) as settings:
        backup(settings, args.file)
    terminal.tell("cli.backup.done", path=args.file, size=args.file.stat().st_size / 1e6)
    return 0


def run_restore(args: argparse.Namespace, terminal: Terminal) -> int:
    """Put a backup in the place of what is there, then bring it to this version's schema."""
    from layers.database.migrate import migrate

    settings = load()
    found = read(settings)
    if found and found.alive:
        # Its workers keep counts, tiles and prepared statements of the old content.
        raise Conflict("cli.restore.running", url=found.base_url)
    if not args.file.is_file():
        raise InvalidInput("cli.no-file", path=args.file)
    with reachable(settings) as complete:
        restore(complete, args.file)
        migrate(complete.owner_dsn)
    terminal.tell("cli.restore.done", path=args.file)
    return 0
