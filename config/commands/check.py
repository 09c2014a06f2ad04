"""The command that checks coverage and codes: check."""

from __future__ import annotations

import argparse
from typing import Any

from config.settings import load
from config.terminal import Terminal


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.check")
    check = commands.add_parser("check", help=text, description=text)
    check.add_argument("target", nargs="?", metavar="LAYER|FILE", help=terminal.text("cli.check.target"))
    check.add_argument("--json", action="store_true", help=terminal.text("cli.check.json"))
    check.add_argument("--report", metavar="FILE.html", help=terminal.text("report.option"))
    check.set_defaults(run=run)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Check a layer or a file; exit 1 when there are errors."""
    from config.check import run_check

    return int(run_check(args, terminal, load()))
