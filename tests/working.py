"""Real workers in processes of their own, for tests of jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from config.settings import PROJECT, Settings

PATIENCE_S = 60.0
"""How long a test waits for what has to come; how soon it comes is no matter of a test."""


def settings_of(database: Any, folder: Path, **more: Any) -> Settings:
    """Settings of a worker of a database."""
    return Settings(data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn, **more)


@contextmanager
def working(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that logs into ``worker.log`` of its data folder; ended in order unless the test has killed it."""
    with (settings.data_dir / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "config.worker", "--parent", str(os.getpid())],
            env=settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(30)


def until[T](ask: Callable[[], T | None]) -> T:
    """What ``ask`` answers as soon as it is neither None nor False nor empty."""
    end = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < end, "what the test waits for never came"
        time.sleep(0.02)
    return found


def rows(database: Any, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Rows of a statement as the owner."""
    with database.transaction() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@contextmanager
def held_grids(database: Any) -> Iterator[None]:
    """Whoever reads the grids waits inside of his query: a process that reads them runs for as long as this lasts."""
    with closing(psycopg2.connect(database.owner_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("lock table wangge.grids in access exclusive mode")
        yield
        connection.rollback()


def queries_of_jobs(database: Any) -> list[tuple[Any, ...]]:
    """Queries that run for jobs at this moment."""
    return rows(
        database.api,  # of its own role a login sees everything
        "select pid, application_name from pg_stat_activity"
        " where datname = current_database() and application_name like 'wangge job %%' and state = 'active'",
    )


def children_of(worker: subprocess.Popen[bytes]) -> list[int]:
    """Numbers of the processes that a worker has started."""
    return [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
