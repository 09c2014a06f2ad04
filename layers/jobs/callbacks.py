"""What subscribers of jobs are still to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg2 import extensions
from psycopg2.extensions import connection as Connection

from layers.database.database import RAW_TEXT
from layers.jobs.jobs import COLUMNS, Job

RETRY_S = (60, 300)
"""Seconds after which one that was not delivered is tried again; then it is given up."""


@dataclass(frozen=True)
class JobCallback:
    """One thing to tell.

    Attributes
    ----------
    uri : str
        Whom to tell.
    status : str
        The status of which.
    language : str
        Language of the asker.
    job : Job
        As it is now.
    result : bytes or None
        Of a successful one.
    """

    uri: str
    status: str
    language: str
    job: Job
    result: bytes | None


def deliver_one(connection: Connection, send: Callable[[JobCallback], bool]) -> bool:
    """Deliver what has been due the longest.

    Parameters
    ----------
    connection : connection
        Of the owner, in autocommit mode. One that dies within the delivery leaves it due.
    send : callable
        Delivers; False when it is worth another try.

    Returns
    -------
    bool
        Whether anything was due.
    """
    with connection.cursor() as cur:
        # claimed by being due later, not by a lock: a lock held while a slow subscriber answers would make the asker
        # wait who dismisses the job
        cur.execute(
            """update wangge.job_callbacks
            set attempts = attempts + 1, due_at = now() + make_interval(secs => (%s::integer[])[attempts + 1])
            where number = (select number from wangge.job_callbacks where due_at <= now()
                order by due_at, number limit 1 for update skip locked)
            returning number, uri, status, attempts, job""",
            ([*RETRY_S, RETRY_S[-1]],),
        )
        row = cur.fetchone()
        if row is None:
            return False
        number, uri, status, attempts, job = row
        cur.execute(f"select language, {COLUMNS} from wangge.jobs where number = %s", (job,))  # noqa: S608
        found = cur.fetchone()
        with connection.cursor() as raw:
            extensions.register_type(RAW_TEXT, raw)
            raw.execute("select result::text from wangge.jobs where number = %s", (job,))
            result = raw.fetchone()
        delivered = (
            found is None
            or result is None
            or send(JobCallback(uri, status, found[0], Job(*found[1:]), result[0]))
            or attempts > len(RETRY_S)
        )
        if delivered:
            cur.execute("delete from wangge.job_callbacks where number = %s", (number,))
    return True
