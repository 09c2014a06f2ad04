"""The floor under the benchmark of serving: the statements of ours in a bare loop, without a server before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg2

from layers.catalogue.ground import GRIDS
from layers.database.sqltext import Sql
from layers.features.feature_text import features_statement
from layers.features.items_request import parse_items_request
from layers.features.query import id_statement, ids_statement
from layers.tiles.matrix import tile_matrix_set
from layers.tiles.query import tile_statement

PROCESSES = 2
_IDENTITY = "select set_config('wangge.role', 'public', true), set_config('wangge.township', '', true)"


@dataclass
class _Loop:
    """Statements to prepare, and the messages that a request sends, in the text that psycopg2 would send."""

    prepare: dict[str, str] = field(default_factory=dict)
    requests: list[list[str]] = field(default_factory=list)


def floor(dsn: str, paths: Sequence[str], seconds: float, most: int = 200) -> float:
    """Requests a second that two processes get from the database with ours' statements and nothing around them.

    Parameters
    ----------
    dsn : str
        As the role that the service works as, row-level security included.
    paths : sequence of str
        Paths of ours; the first ``most`` are taken.
    seconds : float
        How long.

    Notes
    -----
    A page here always makes the texts of its features, which ours keeps by row version: ours may be faster than this.
    """
    loop = _loop(dsn, paths[:most])
    order = json.dumps(
        {"dsn": dsn, "seconds": seconds, "prepare": list(loop.prepare.values()), "requests": loop.requests}
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    children = [
        subprocess.Popen(
            [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    try:
        for child in children:
            assert child.stdin is not None
            child.stdin.write(order)
            child.stdin.close()
        rates = []
        for child in children:
            assert child.stdout is not None
            rates.append(float(child.stdout.read()))
        return sum(rates)
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
            child.wait()


def _loop(dsn: str, paths: Sequence[str]) -> _Loop:
    connection = psycopg2.connect(dsn)
    loop = _Loop()
    try:
        with connection.cursor() as cursor:
            for path in paths:
                loop.requests.append([_message(cursor, loop, *step) for step in _steps(cursor, path)])
    finally:
        connection.close()
    return loop


def _steps(cursor: Any, path: str) -> list[tuple[Sql, bool]]:
    """Statements of one request, each with whether ours prepares it."""
    address = urlsplit(path)
    parts = address.path.strip("/").split("/")
    asked = parse_items_request(GRIDS, dict(parse_qsl(address.query)))
    if parts[2] == "tiles":
        matrix, zoom, row, column = parts[3:]
        return [(tile_statement(GRIDS, tile_matrix_set(matrix), int(zoom), int(row), int(column), asked), True)]
    first = id_statement(GRIDS, parts[3], asked) if len(parts) == 4 else ids_statement(GRIDS, asked)
    cursor.execute(_IDENTITY)
    cursor.execute(first.text, first.values)
    fids = [row[0] for row in cursor.fetchall()][: asked.limit]
    return [(first, asked.bbox is None), (features_statement(GRIDS, asked, fids), True)]


def _message(cursor: Any, loop: _Loop, statement: Sql, prepared: bool) -> str:
    if not prepared:
        return f"{_IDENTITY}; {cursor.mogrify(statement.text, statement.values).decode()}"
    name = f"q{list(loop.prepare).index(statement.text) if statement.text in loop.prepare else len(loop.prepare)}"
    if statement.text not in loop.prepare:
        first, *rest = statement.text.split("%s")
        numbered = first + "".join(f"${number}{piece}" for number, piece in enumerate(rest, 1))
        loop.prepare[statement.text] = f"prepare {name} as {numbered.replace('%%', '%')}"
    marks = f"({', '.join(['%s'] * len(statement.values))})" if statement.values else ""
    return f"{_IDENTITY}; {cursor.mogrify(f'execute {name}{marks}', statement.values).decode()}"


def _child() -> None:
    """One process: read what to do, do it over and over, say how many requests a second."""
    order = json.loads(sys.stdin.read())
    connection = psycopg2.connect(order["dsn"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in order["prepare"]:
            cursor.execute(statement)
        done, begin = 0, time.perf_counter()
        while time.perf_counter() < begin + order["seconds"]:
            for message in order["requests"][done % len(order["requests"])]:
                cursor.execute(message)
                cursor.fetchall()
            done += 1
        print(done / (time.perf_counter() - begin))
    connection.close()


if __name__ == "__main__":
    _child()
