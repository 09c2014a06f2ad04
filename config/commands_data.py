"""Commands that bring layers in and out: load, export."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from config.database import reachable
from config.settings import load
from config.terminal import Terminal
from geo.errors import InvalidInput


def add(commands: Any, terminal: Terminal) -> None:
    """Add these commands to the command line."""
    text = terminal.text("cli.load")
    command = commands.add_parser("load", help=text, description=text)
    command.add_argument("layer", metavar="LAYER", help=terminal.text("cli.load.layer"))
    command.add_argument("file", type=Path, metavar="FILE", help=terminal.text("cli.load.file"))
    command.add_argument("--crs", metavar="CRS", help=terminal.text("cli.load.crs"))
    command.add_argument(
        "--map", nargs="+", action="extend", default=[], metavar="FIELD=COLUMN", help=terminal.text("cli.load.map")
    )
    command.add_argument("--encoding", metavar="NAME", help=terminal.text("cli.load.encoding"))
    command.add_argument("--dry-run", action="store_true", help=terminal.text("cli.load.dry-run"))
    command.set_defaults(run=run_load)

    text = terminal.text("cli.export")
    command = commands.add_parser("export", help=text, description=text)
    command.add_argument("layer", metavar="LAYER", help=terminal.text("cli.load.layer"))
    command.add_argument("file", type=Path, metavar="FILE", help=terminal.text("cli.export.file"))
    command.set_defaults(run=run_export)


def parse_mapping(pairs: list[str]) -> dict[str, str]:
    """Column of the file by field of the layer, from ``FIELD=COLUMN`` pairs.

    Raises
    ------
    InvalidInput
        Naming the pair that is none.
    """
    mapping = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise InvalidInput("cli.bad-pair", option="--map", pair=pair)
        mapping[name] = column
    return mapping


def run_load(args: argparse.Namespace, terminal: Terminal) -> int:
    """Bring a file into a layer, whole or not at all."""
    from layers.load import load_file
    from layers.migrate import migrate

    mapping = parse_mapping(args.map)
    if not args.file.exists():
        raise InvalidInput("cli.no-file", path=args.file)
    with reachable(load()) as settings:
        migrate(settings.owner_dsn)
        with closing(psycopg2.connect(settings.owner_dsn)) as connection:
            report = load_file(
                connection, args.layer, args.file,
                crs=args.crs, mapping=mapping, encoding=args.encoding, dry_run=args.dry_run,
            )  # fmt: skip
    for line in report.lines(terminal.language):
        terminal.out(line)
    return 0


def run_export(args: argparse.Namespace, terminal: Terminal) -> int:
    """Write a layer to a file, in the format that its suffix names."""
    from layers.export import export_file
    from layers.migrate import migrate

    with reachable(load()) as settings:
        migrate(settings.owner_dsn)
        with closing(psycopg2.connect(settings.owner_dsn)) as connection:
            count = export_file(connection, args.layer, args.file)
    terminal.tell("cli.export.done", count=count, layer=args.layer, path=args.file)
    return 0
