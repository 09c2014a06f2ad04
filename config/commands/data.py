"""Commands that bring layers in and out: load, export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from config.machine.database import as_owner
from config.settings import load
from config.terminal import Terminal
from geo.errors import InvalidInput

_EXPORT_PARAMETERS = ("bbox", "datetime", "filter", "properties", "sortby", "crs")
"""Options of export that say which features, as ``/items`` takes them."""


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
    command.add_argument("--replace", action="store_true", help=terminal.text("cli.load.replace"))
    command.set_defaults(run=run_load)

    text = terminal.text("cli.export")
    command = commands.add_parser("export", help=text, description=text)
    command.add_argument("layer", metavar="LAYER", help=terminal.text("cli.load.layer"))
    command.add_argument("file", type=Path, metavar="FILE", help=terminal.text("cli.export.file"))
    command.add_argument("--bbox", metavar="W,S,E,N", help=terminal.text("cli.export.bbox"))
    command.add_argument("--datetime", metavar="TIME", help=terminal.text("cli.export.datetime"))
    command.add_argument("--filter", metavar="CQL2", help=terminal.text("cli.export.filter"))
    command.add_argument("--properties", metavar="FIELDS", help=terminal.text("cli.export.properties"))
    command.add_argument("--sortby", metavar="FIELDS", help=terminal.text("cli.export.sortby"))
    command.add_argument("--crs", metavar="EPSG:N", help=terminal.text("cli.export.crs"))
    command.add_argument("--encoding", metavar="NAME", default="UTF-8", help=terminal.text("cli.export.encoding"))
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
    """Bring a file into a layer, whole or not at all; exit 2 when rows were rejected."""
    from layers.loading.load import load_file

    mapping = parse_mapping(args.map)
    if not args.file.exists():
        raise InvalidInput("cli.no-file", path=args.file)

    def progress(stage: str, done: int, total: int) -> None:
        terminal.progress(done, total, f"cli.load.stage-{stage}")

    with as_owner(load()) as database:
        report = load_file(
            database, args.layer, args.file,
            crs=args.crs, mapping=mapping, encoding=args.encoding, dry_run=args.dry_run, replace=args.replace,
            progress=progress if terminal.watched else None,
        )  # fmt: skip
    for line in report.lines(terminal.language):
        terminal.out(line)
    return 2 if report.rejected else 0


def run_export(args: argparse.Namespace, terminal: Terminal) -> int:
    """Write a layer or a part of it to a file, in the format that its suffix names."""
    from layers.exporting.export import export_layer
    from layers.store import read_city

    asked = {name: value for name in _EXPORT_PARAMETERS if (value := getattr(args, name)) is not None}
    with as_owner(load()) as database:
        metric = read_city(database).metric_srid
        count = export_layer(
            database, args.layer, args.file, asked, encoding=args.encoding.upper(), metric_srid=metric
        )
    terminal.tell("cli.export.done", count=count, layer=args.layer, path=args.file)
    return 0
