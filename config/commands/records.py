"""Commands of the catalogue of data: the list of base data items, and what departments deliver."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from config.machine.database import as_owner
from config.settings import load
from config.terminal import Terminal
from geo.errors import InvalidInput


def add(commands: Any, terminal: Terminal) -> None:
    """Add these commands to the command line."""
    text = terminal.text("cli.items")
    command = commands.add_parser("items", help=text, description=text)
    command.add_argument("file", type=Path, metavar="FILE", help=terminal.text("cli.items.file"))
    command.set_defaults(run=run_items)

    text = terminal.text("cli.deliver")
    command = commands.add_parser("deliver", help=text, description=text)
    command.add_argument("item", metavar="ITEM", help=terminal.text("cli.deliver.item"))
    command.add_argument("file", type=Path, metavar="FILE", help=terminal.text("cli.deliver.file"))
    command.add_argument(
        "--required", nargs="+", default=[], metavar="COLUMN", help=terminal.text("cli.deliver.required")
    )
    command.set_defaults(run=run_deliver)


def run_items(args: argparse.Namespace, terminal: Terminal) -> int:
    """Put a list of base data items in the place of the one there is."""
    from layers.identity import ADMIN
    from layers.records.items import read_items, write_items, write_layers
    from layers.records.measure import measure_records

    items = read_items(_text(args.file))
    with as_owner(load()) as database, database.transaction(ADMIN) as cur:
        write_items(cur, items, args.file.name)
        write_layers(cur)
        measure_records(cur)
    terminal.tell("cli.items.done", count=len(items), aspects=len({item.aspect_code for item in items}))
    return 0


def run_deliver(args: argparse.Namespace, terminal: Terminal) -> int:
    """Count a delivery of an item and keep its figures."""
    from layers.identity import ADMIN
    from layers.records.deliveries import count_delivery, record_delivery
    from layers.records.measure import measure_records

    delivery = count_delivery(_text(args.file), args.required)
    with as_owner(load()) as database, database.transaction(ADMIN) as cur:
        record_delivery(cur, args.item, delivery)
        measure_records(cur)
    whole = delivery.whole
    terminal.tell("cli.deliver.done", count=whole.rows, item=args.item, share=round(100 * whole.share, 1))
    return 0


def _text(path: Path) -> str:
    """A table of text in UTF-8 or, as spreadsheets in China write it, in GB 18030."""
    if not path.is_file():
        raise InvalidInput("cli.no-file", path=path)
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")
