"""The command that runs the benchmarks: bench."""

from __future__ import annotations

import argparse
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from config.settings import PROJECT
from config.terminal import Terminal
from geo.errors import NotFound

COLUMNS = ("name", "unit", "ours", "peer", "peer_name", "ratio", "goal")


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.bench")
    bench = commands.add_parser("bench", help=text, description=text)
    bench.add_argument("name", nargs="?", metavar="NAME", help=terminal.text("cli.bench.name"))
    bench.add_argument("--json", action="store_true", help=terminal.text("cli.json"))
    bench.set_defaults(run=run_bench)


def benchmarks() -> dict[str, Path]:
    """File of each benchmark by its name."""
    return {path.stem.removeprefix("bench_"): path for path in sorted((PROJECT / "tests").glob("bench_*.py"))}


def run_bench(args: argparse.Namespace, terminal: Terminal) -> int:
    """Run one benchmark or all of them, ours and the peer's in one run."""
    known = benchmarks()
    if args.name is not None and args.name.replace("-", "_") not in known:
        raise NotFound("cli.no-bench", name=args.name, known=", ".join(known) or "-")
    wanted = [args.name.replace("-", "_")] if args.name else list(known)
    rows: list[dict[str, Any]] = []
    for name in wanted:
        terminal.note(terminal.text("cli.bench.running", name=name))
        rows += _load(known[name]).bench()
    if args.json:
        terminal.out(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        terminal.table(
            [terminal.text(f"cli.bench.column-{column}") for column in COLUMNS],
            [[row.get(column) for column in COLUMNS] for row in rows],
        )
    return 0


def _load(path: Path) -> Any:
    # By its path, not its name: pygeoapi installs a package called `tests`.
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotFound("cli.no-bench", name=path.stem, known="-")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
