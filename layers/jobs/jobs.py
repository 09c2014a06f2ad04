"""Jobs as their askers see them: accepted, looked up, listed and dismissed under row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from uuid import UUID

import orjson
from psycopg2 import extensions
from psycopg2.extensions import cursor as Cursor

from geo.errors import Conflict, NotFound
from layers.database.database import RAW_TEXT, Database
from layers.features.moments import Period
from layers.identity import current

STATUSES = ("accepted", "running", "successful", "failed", "dismissed")
COLUMNS = (
    "id::text, process, status, progress, message, message_values, error_kind, media_type,"
    " created_at, started_at, finished_at, updated_at"
)
"""Columns of `Job`, in its order."""


@dataclass(frozen=True)
class Job:
    """One job without its inputs and its result.

    Attributes
    ----------
    id : str
        UUID.
    process : str
        Id of the process.
    status : str
        One of `STATUSES`.
    progress : int
        Percent.
    message, message_values : str, dict
        Key of a text and what its placeholders take.
    error_kind : str or None
        Class of the error that ended it.
    media_type : str or None
        Of the result.
    created_at, started_at, finished_at, updated_at : datetime or None
        Aware.
    """

    id: str
    process: str
    status: str
    progress: int
    message: str
    message_values: dict[str, Any]
    error_kind: str | None
    media_type: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class JobLimits:
    """What one asker may have; all who ask without a key are one asker.

    Attributes
    ----------
    most_open : int
        Jobs that wait or run.
    most_stored : int
        Jobs, ended ones included.
    most_stored_mb : int
        Megabytes of inputs and results.
    networks : tuple of network
        Private networks that a subscriber may be in.
    """

    most_open: int = 20
    most_stored: int = 200
    most_stored_mb: int = 1000
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True)
class JobFilter:
    """Which jobs a list shows; an empty filter shows all.

    Attributes
    ----------
    statuses, processes : tuple of str
        Any of these.
    period : Period or None
        In which the job was accepted.
    least_s, most_s : float or None
        How long it ran or has been running, in seconds.
    limit, offset : int
        Page.
    """

    statuses: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    period: Period | None = None
    least_s: float | None = None
    most_s: float | None = None
    limit: int = 100
    offset: int = 0


class Jobs:
    """The jobs of one database, for whoever asks.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    limits : JobLimits
        What one asker may have.
    """

    def __init__(self, database: Database, limits: JobLimits) -> None:
        self._database = database
        self.limits = limits

    def accept(
        self, process: str, inputs: dict[str, Any], response: str, language: str, subscriber: dict[str, str] | None
    ) -> str:
        """Put a job of the current identity into the queue.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        Conflict
            When the asker has as many jobs as one may have.
        """
        limits = self.limits
        with self._database.transaction() as cur:
            cur.execute(
                "select id::text, refusal from wangge.accept_job(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    process, orjson.dumps(inputs).decode(), response, language, current().name,
                    orjson.dumps(subscriber).decode() if subscriber else None,
                    limits.most_open, limits.most_stored, limits.most_stored_mb * 2**20,
                ),
            )  # fmt: skip
            row = cur.fetchone()
        if row is None or row[0] is None:
            if row and row[1] == "stored":
                raise Conflict("job.too-many-stored", most=limits.most_stored, most_mb=limits.most_stored_mb)
            raise Conflict("job.too-many-open", most=limits.most_open)
        id_: str = row[0]
        return id_

    def get(self, id_: str) -> Job:
        """One job.

        Raises
        ------
        NotFound
            When there is none of the current identity's.
        """
        with self._one(id_) as cur:
            cur.execute(f"select {COLUMNS} from wangge.jobs where id = %s", (id_,))  # noqa: S608 - our own columns
            row = cur.fetchone()
        if row is None:
            raise NotFound("job.unknown", id=id_[:100])
        return Job(*row)

    def inputs(self, id_: str) -> dict[str, Any] | None:
        """What the job was given; None for large inputs of a job that has ended: they are dropped then."""
        with self._one(id_) as cur:
            cur.execute("select inputs from wangge.jobs where id = %s", (id_,))
            row = cur.fetchone()
        return row[0] if row else None

    def result(self, id_: str) -> bytes | None:
        """The result as the JSON text that the synchronous answer would have been; None where there is none."""
        with self._one(id_) as cur:
            extensions.register_type(RAW_TEXT, cur)
            cur.execute("select result::text from wangge.jobs where id = %s", (id_,))
            row = cur.fetchone()
        return row[0] if row else None

    def list(self, wanted: JobFilter) -> tuple[list[Job], int]:
        """Jobs of the current identity's key, the newest first, and how many there are; the public sees none."""
        period = wanted.period or Period(None, None)
        values = {
            "statuses": list(wanted.statuses) or None, "processes": list(wanted.processes) or None,
            "start": period.start, "end": period.end, "least": wanted.least_s, "most": wanted.most_s,
            "limit": wanted.limit, "offset": wanted.offset,
        }  # fmt: skip
        with self._database.transaction() as cur:
            cur.execute(f"select count(*) from wangge.jobs where {_MATCHES}", values)  # noqa: S608 - our own condition
            row = cur.fetchone()
            cur.execute(
                f"select {COLUMNS} from wangge.jobs where {_MATCHES}"  # noqa: S608 - our own columns and condition
                " order by number desc limit %(limit)s offset %(offset)s",
                values,
            )
            return [Job(*found) for found in cur.fetchall()], row[0] if row else 0

    def dismiss(self, id_: str) -> Job:
        """End a job that waits or runs, or forget one that has ended.

        Returns
        -------
        Job
            As it was before.

        Raises
        ------
        NotFound
            When there is none of the current identity's.
        """
        job = self.get(id_)
        with self._database.transaction() as cur:
            cur.execute("select wangge.dismiss_job(%s)", (job.id,))
        return job

    @contextmanager
    def _one(self, id_: str) -> Iterator[Cursor]:
        """A transaction in which the row of that id is seen by whoever may know the id."""
        try:
            known = str(UUID(id_))
        except ValueError:
            raise NotFound("job.unknown", id=id_[:100]) from None
        if known != id_.lower():
            raise NotFound("job.unknown", id=id_[:100])
        with self._database.transaction() as cur:
            cur.execute("select set_config('wangge.job', %s, true)", (known,))
            yield cur


_MATCHES = """(%(statuses)s::text[] is null or status = any(%(statuses)s::text[]))
    and (%(processes)s::text[] is null or process = any(%(processes)s::text[]))
    and (%(start)s::timestamptz is null or created_at >= %(start)s::timestamptz)
    and (%(end)s::timestamptz is null or created_at <= %(end)s::timestamptz)
    and (%(least)s::float8 is null
        or extract(epoch from coalesce(finished_at, now()) - started_at) >= %(least)s::float8)
    and (%(most)s::float8 is null
        or extract(epoch from coalesce(finished_at, now()) - started_at) <= %(most)s::float8)"""

_bound: Jobs | None = None


def bind_jobs(jobs: Jobs) -> Jobs:
    """Make ``jobs`` those of this process, for the manager that pygeoapi builds by name."""
    global _bound
    _bound = jobs
    return jobs


def bound_jobs() -> Jobs:
    """The jobs of this process.

    Raises
    ------
    RuntimeError
        When none were bound.
    """
    if _bound is None:
        raise RuntimeError("no jobs are bound: call layers.jobs.jobs.bind_jobs first")
    return _bound
