"""Real workers in processes of their own, and jobs made for them, for tests of jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import requests

from config.settings import PROJECT, Settings
from layers.jobs.jobs import Job, Jobs

if TYPE_CHECKING:
    from serving import Service

PATIENCE_S = 90.0
"""How long a test waits for what has to come; how soon it comes is no matter of a test."""
ASYNC = {"Prefer": "respond-async"}
EXAMPLE = {"code": "321283001001001"}
"""Inputs of explain-code, which asks little of the machine."""
SLOW = {"layer": "grids"}
"""Inputs of check-codes, which runs for as long as the grids are held."""


def settings_of(database: Any, folder: Path, **more: Any) -> Settings:
    """Settings of a worker of a database."""
    return Settings(data_dir=folder, database_url=database.owner_dsn, api_database_url=database.api_dsn, **more)


@contextmanager
def working(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that logs into ``worker.log`` of its data folder; ended in order unless the test has killed it."""
    with (settings.data_dir / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "config.jobs.worker", "--parent", str(os.getpid())],
            env=settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(PATIENCE_S)


def until[T](ask: Callable[[], T | None]) -> T:
    """What ``ask`` answers as soon as it is neither None nor False nor empty."""
    end = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < end, "what the test waits for never came"
        time.sleep(0.02)
    return found


def rows(database: Any, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Rows of a statement."""
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


# --- jobs without HTTP, of the identity that acts


def accepted(jobs: Jobs, process: str = "explain-code", inputs: dict[str, Any] | None = None) -> str:
    """Id of a new job."""
    return jobs.accept(process, EXAMPLE if inputs is None else inputs, "raw", "en", None)


def ended(jobs: Jobs, id_: str) -> Job:
    """The job, once it has ended."""

    def ask() -> Job | None:
        job = jobs.get(id_)
        return job if job.finished_at else None

    return until(ask)


def running_query(database: Any, jobs: Jobs, id_: str) -> None:
    """Wait until the job runs and its query stands still in the database."""
    until(lambda: jobs.get(id_).status == "running" and queries_of_jobs(database))


def attempts(database: Any, id_: str) -> int:
    """How often a job was taken up."""
    found: int = rows(database, "select attempts from wangge.jobs where id = %s", (id_,))[0][0]
    return found


# --- jobs over HTTP


def execute(
    service: Service, process: str, inputs: dict[str, Any], role: str | None = "staff", **options: Any
) -> requests.Response:
    """The answer to an execution; ``body`` adds to what is posted."""
    body = {"inputs": inputs} | options.pop("body", {})
    return service.request("POST", f"processes/{process}/execution", role, json=body, **options)


def made(service: Service, process: str, inputs: dict[str, Any], role: str | None = "staff", **options: Any) -> str:
    """Address of a new job."""
    answer = execute(service, process, inputs, role, headers=ASYNC, **options)
    assert answer.status_code == 201, answer.text
    address: str = answer.headers["Location"]
    return address


def finished(service: Service, address: str, role: str | None = "staff") -> dict[str, Any]:
    """Status of a job, once it has ended."""

    def ask() -> dict[str, Any] | None:
        found: dict[str, Any] = service.get(address, role).json()
        return found if "finished" in found else None

    return until(ask)
