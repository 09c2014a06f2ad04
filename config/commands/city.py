"""The command that says what the city is: city."""

from __future__ import annotations

import argparse
from typing import Any

from config.machine.database import as_owner
from config.settings import load
from config.terminal import Terminal


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.city")
    command = commands.add_parser("city", help=text, description=text)
    command.add_argument("--name-en", metavar="NAME", help=terminal.text("cli.city.name-en"))
    command.add_argument("--scheme", metavar="ID", help=terminal.text("cli.city.scheme"))
    command.set_defaults(run=run_city)


def run_city(args: argparse.Namespace, terminal: Terminal) -> int:
    """Set what is given and say what stands."""
    from geo.codes.schemes import scheme_of
    from layers.city import describe_city

    with as_owner(load()) as database, database.transaction() as cur:
        code, name, name_en, scheme, srid = describe_city(cur, name_en=args.name_en, scheme=args.scheme)
    known = scheme_of(scheme)
    title = known.title_zh if terminal.language == "zh" else known.title_en
    terminal.tell(
        "cli.city.told", code=code, name=name, name_en=name_en or "–", scheme=scheme, title=title, crs=f"EPSG:{srid}"
    )
    return 0
