"""The command that runs a process without HTTP: run."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.machine.database import reachable
from config.settings import load
from config.terminal import Terminal
from geo.errors import InvalidInput, NotFound


def add(commands: Any, terminal: Terminal) -> None:
    """Add this command to the command line."""
    text = terminal.text("cli.run")
    run = commands.add_parser("run", help=text, description=text, epilog=terminal.text("cli.run.more"))
    run.add_argument("process", metavar="PROCESS", help=terminal.text("cli.run.process"))
    run.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help=terminal.text("cli.run.input"))
    run.add_argument("--inputs", metavar="FILE", help=terminal.text("cli.run.inputs"))
    run.add_argument("--out", type=Path, metavar="FILE", help=terminal.text("cli.run.out"))
    run.set_defaults(run=run_process)


def run_process(args: argparse.Namespace, terminal: Terminal) -> int:
    """Run a process on the database as the administrator; the result goes to standard output or a file."""
    from layers.checking.ordinary import bind_ordinary
    from layers.database.database import Database, bind
    from layers.database.migrate import migrate
    from layers.heat.public import bind_publishing
    from layers.identity import ADMIN, acting
    from layers.situation.rules import bind_rules, read_rules
    from processes.registry import PROCESSES

    if args.process not in PROCESSES:
        raise NotFound("cli.no-process", process=args.process, known=", ".join(sorted(PROCESSES)))
    process = PROCESSES[args.process]
    inputs = read_inputs(args.inputs) if args.inputs else {}
    properties = process.parameters.model_json_schema().get("properties", {})
    inputs |= dict(parse_input(pair, properties) for pair in args.input)
    with reachable(load()) as settings:
        bind_ordinary(settings.grid_limits)
        bind_rules(read_rules(settings.rules))
        bind_publishing(settings.publishing)
        migrate(settings.owner_dsn)
        database = bind(Database(settings.api_dsn, pool_size=2))
        try:
            with acting(ADMIN):
                _, result = process().execute(inputs)
        finally:
            database.close()
    text = json.dumps(result, ensure_ascii=False, indent=2, default=str)
    if args.out is None:
        terminal.out(text)
        return 0
    try:
        args.out.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise InvalidInput("cli.cannot-write", path=args.out, reason=error.strerror) from None
    terminal.tell("cli.written", path=args.out)
    return 0


def read_inputs(name: str) -> dict[str, Any]:
    """Inputs from a JSON file, or from standard input for ``-``; the body of an execute request will do as well.

    Raises
    ------
    InvalidInput
        When it can't be read, is no JSON, or no object.
    """
    content = _json(sys.stdin.read() if name == "-" else _read(Path(name)), name)
    if not isinstance(content, dict):
        raise InvalidInput("cli.not-an-object", path=name)
    inner = content.get("inputs")
    return inner if set(content) <= {"inputs", "outputs", "response", "mode"} and isinstance(inner, dict) else content


def parse_input(pair: str, properties: Mapping[str, Any]) -> tuple[str, Any]:
    """Name and value of one ``NAME=VALUE``.

    Parameters
    ----------
    pair : str
        A value that begins with ``@`` names a JSON file (a GeoJSON layer, say) or a CSV table, whose rows become
        objects by the names of its columns; any other is JSON where it can be, else text.
    properties : mapping
        JSON schema of each input by name; where an input can only be text, ``321283`` stays text.

    Raises
    ------
    InvalidInput
        Without an equals sign, or when a file can't be read.
    """
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise InvalidInput("cli.bad-pair", option="--input", pair=pair)
    if value.startswith("@"):
        if value.lower().endswith(".csv"):
            return name, _table(Path(value[1:]))
        return name, _json(_read(Path(value[1:])), value[1:])
    if _types(properties.get(name, {})) <= {"string", "null"} and name in properties:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _types(schema: Mapping[str, Any]) -> set[str]:
    """Types that a JSON schema admits, as far as it says so on its surface."""
    if "anyOf" in schema:
        return set().union(*(_types(choice) for choice in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return {"string"} if all(isinstance(value, str) for value in values) else {"any"}
    return {schema.get("type", "any")}


def _table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, as text; cells that are empty say nothing."""
    from layers.loading.encoding import encoding_of_text

    encoding = encoding_of_text(path) if path.is_file() else "utf-8"
    rows = csv.DictReader(_read(path, encoding).splitlines(), restkey="")
    return [{name: cell for name, cell in row.items() if cell} for row in rows if any(row.values())]


def _read(path: Path, encoding: str = "utf-8") -> str:
    try:
        return path.read_text(encoding)
    except FileNotFoundError:
        raise InvalidInput("cli.no-file", path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("cli.cannot-read", path=path, reason=str(error)) from None


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput("cli.bad-json", path=name, reason=str(error)) from None
