"""Commands for personal keys: key add, key list, key revoke."""

from __future__ import annotations

import argparse
from typing import Any

from config.machine.database import as_owner
from config.settings import load
from config.terminal import Terminal


def add(commands: Any, terminal: Terminal) -> None:
    """Add these commands to the command line."""
    text = terminal.text("cli.key")
    key = commands.add_parser("key", help=text, description=text)
    actions = key.add_subparsers(metavar=terminal.text("cli.command"), required=True)
    make = actions.add_parser("add", help=terminal.text("cli.key.add"), description=terminal.text("cli.key.add"))
    make.add_argument("--role", required=True, metavar="ROLE", help=terminal.text("cli.key.role"))
    make.add_argument("--township", metavar="CODE", help=terminal.text("cli.key.township"))
    make.add_argument("--name", required=True, metavar="NAME", help=terminal.text("cli.key.name"))
    make.set_defaults(run=run_add)
    show = actions.add_parser("list", help=terminal.text("cli.key.list"), description=terminal.text("cli.key.list"))
    show.set_defaults(run=run_list)
    text = terminal.text("cli.key.revoke")
    end = actions.add_parser("revoke", help=text, description=text)
    end.add_argument("number", type=int, metavar="NUMBER", help=terminal.text("cli.key.number"))
    end.set_defaults(run=run_revoke)


def run_add(args: argparse.Namespace, terminal: Terminal) -> int:
    """Make a key and show it this once; the key alone goes to standard output, for scripts."""
    from layers.keys import add_key

    with as_owner(load()) as database:
        key = add_key(database, args.role, args.township, args.name)
    terminal.note(terminal.text("cli.key.made", name=args.name))
    terminal.out(key)
    return 0


def run_list(args: argparse.Namespace, terminal: Terminal) -> int:
    """Show what is kept of all keys."""
    from layers.keys import list_keys

    with as_owner(load()) as database:
        keys = list_keys(database)
    head = [terminal.text(f"cli.key.column-{name}") for name in ("number", "name", "role", "township", "made", "ended")]
    terminal.table(
        head,
        [
            [str(key.id), key.name, key.role, key.township, f"{key.created_at:%Y-%m-%d}",
             f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else None]
            for key in keys
        ],
    )  # fmt: skip
    return 0


def run_revoke(args: argparse.Namespace, terminal: Terminal) -> int:
    """End a key."""
    from layers.keys import revoke_key

    with as_owner(load()) as database:
        revoke_key(database, args.number)
    terminal.tell("cli.key.revoked", number=args.number)
    return 0
