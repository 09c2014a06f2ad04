"""The command that makes a ready QGIS project: qgis."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from config.machine.database import reachable
from config.settings import load
from config.terminal import Terminal
from geo.errors import InvalidInput

_SUFFIX = ".qgz"


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.qgis")
    command = commands.add_parser("qgis", help=text, description=text)
    command.add_argument("file", type=Path, metavar="FILE.qgz", help=terminal.text("cli.qgis.file"))
    command.add_argument("--key", metavar="KEY", help=terminal.text("cli.qgis.key"))
    command.add_argument("--embed", action="store_true", help=terminal.text("cli.qgis.embed"))
    command.set_defaults(run=run_qgis)


def run_qgis(args: argparse.Namespace, terminal: Terminal) -> int:
    """Write the project of every layer that the key may read; without one those of the public."""
    from config.qgis.handing_out import project_for_asker
    from layers.database.database import Database
    from layers.identity import PUBLIC, acting
    from layers.store import Store

    if args.file.suffix.lower() != _SUFFIX:
        raise InvalidInput("qgis.suffix", path=args.file)
    if args.embed and args.key is None:
        raise InvalidInput("qgis.embed-what")
    with reachable(load()) as settings:
        store = Store(Database(settings.api_dsn, pool_size=1))
        identity = PUBLIC if args.key is None else store.identity_of(args.key)
        if identity is None:
            raise InvalidInput("key.wrong")
        with acting(identity):
            body = project_for_asker(
                store, settings.base_url, terminal.language, args.key if args.embed else None
            )
    args.file.write_bytes(body)
    terminal.tell("cli.qgis.done", path=args.file)
    return 0
