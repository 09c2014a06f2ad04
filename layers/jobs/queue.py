"""The queue as a worker sees it: one connection that takes jobs, holds them, and says what became of them.

While a worker runs a job its connection holds an advisory lock on the job's number. When the worker dies, whatever the
way, the server ends the connection and the lock with it: a running job without a lock is one whose worker is gone.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import connection as Connection

from layers.database.database import RAW_TEXT
from layers.identity import Identity

MOST_ATTEMPTS = 2
"""A job whose worker died is taken up once more: what killed one worker may well be the job itself."""

_LOCKS = 321_283
"""First half of the advisory lock of every job."""

_KEPT_INPUTS = 10_000
"""Bytes of inputs that an ended job keeps to show; larger ones are dropped."""

_END = f"""finished_at = clock_timestamp(), updated_at = clock_timestamp(),
    inputs = case when octet_length(inputs::text) <= {_KEPT_INPUTS} then inputs end"""


@dataclass(frozen=True)
class Taken:
    """A job that this worker runs.

    Attributes
    ----------
    number : int
        Its place in the queue.
    id, process : str
        Its id, and that of its process.
    inputs : bytes
        JSON text, as it was sent.
    response : str
        ``raw`` or ``document``.
    asker : Identity
        Who asked, as he was when he asked.
    """

    number: int
    id: str
    process: str
    inputs: bytes
    response: str
    asker: Identity


class JobQueue:
    """The queue of one database.

    Parameters
    ----------
    dsn : str
        Of the owner.
    """

    def __init__(self, dsn: str) -> None:
        self._connection: Connection = psycopg2.connect(dsn, application_name="wangge worker")
        self._connection.autocommit = True
        # a worker whose machine or network is gone must not hold its job for hours
        self._run("set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3")
        self._run("listen wangge_jobs")

    def fileno(self) -> int:
        """The connection's socket, to wait for notifications with ``select``."""
        return int(self._connection.fileno())

    def close(self) -> None:
        """End the connection; a job that it holds counts as one whose worker is gone."""
        self._connection.close()

    def heard(self) -> list[tuple[str, str]]:
        """Status and id of every job that changed since the last call."""
        if select.select([self._connection], [], [], 0)[0]:
            self._connection.poll()
        told = [(status, id_) for note in self._connection.notifies for status, _, id_ in [note.payload.partition(" ")]]
        self._connection.notifies.clear()
        return told

    def take(self) -> Taken | None:
        """The next job, now running and held by this connection; None when none waits. Keys come before the public."""
        with self._connection.cursor() as cur:
            extensions.register_type(RAW_TEXT, cur)
            cur.execute(
                """with next as (
                    select number from wangge.jobs
                    where status = 'accepted' and (key_id is null or exists (
                        select from wangge.keys where keys.id = key_id and revoked_at is null))
                    order by key_id is null, number limit 1
                    for update skip locked
                )
                update wangge.jobs
                set status = 'running', attempts = attempts + 1, progress = 0, message = 'job.running',
                    message_values = '{}', started_at = coalesce(started_at, clock_timestamp()),
                    updated_at = clock_timestamp()
                from next where jobs.number = next.number
                returning jobs.number, id::text, process, inputs::text, response,
                    asker_role, asker_township, asker_name, key_id, pg_advisory_lock(%s, jobs.number)""",
                (_LOCKS,),
            )
            row = cur.fetchone()
        if row is None:
            return None
        number, id_, process, inputs, response, role, township, name, key, _ = row
        asker = Identity(role.decode(), township.decode() if township else None, name.decode(), key)
        return Taken(number, id_.decode(), process.decode(), inputs, response.decode(), asker)

    def runs(self, job: Taken) -> bool:
        """Whether the job still is to be run: it may have been dismissed, or its key removed with all its jobs."""
        return self._count("select from wangge.jobs where number = %s and status = 'running'", (job.number,)) == 1

    def progress(self, job: Taken, percent: int, key: str) -> None:
        """Say how far a job has come; it never goes back."""
        self._count(
            """update wangge.jobs set progress = greatest(progress, %s), message = %s, updated_at = clock_timestamp()
            where number = %s and status = 'running'""",
            (max(0, min(percent, 99)), key, job.number),
        )

    def succeed(self, job: Taken, media_type: str, result: bytes) -> bool:
        """Keep the result and let go of the job; False when it was dismissed meanwhile."""
        return self._end(
            job,
            f"""update wangge.jobs
            set status = 'successful', progress = 100, message = 'job.successful', message_values = '{{}}',
                media_type = %s, result = %s, bytes = %s, {_END}
            where number = %s and status = 'running'""",  # noqa: S608 - our own words
            (media_type, result.decode(), len(result), job.number),
        )

    def fail(self, job: Taken, kind: str, key: str, values: Mapping[str, Any]) -> bool:
        """Say why the job failed and let go of it; False when it was dismissed meanwhile."""
        return self._end(job, _FAIL, (key, orjson.dumps(dict(values), default=str).decode(), kind, job.number))

    def crashed(self, job: Taken) -> None:
        """What ran the job is gone: it waits for another attempt, or has failed when it had its last."""
        self._after_crash(job.number)
        self.release(job)

    def give_back(self, job: Taken) -> None:
        """Let go of a job unfinished; it is nobody's fault, so it doesn't count as an attempt."""
        self._end(
            job,
            """update wangge.jobs set status = 'accepted', attempts = attempts - 1, progress = 0,
                message = 'job.accepted', updated_at = clock_timestamp()
            where number = %s and status = 'running'""",
            (job.number,),
        )

    def release(self, job: Taken) -> None:
        """Let go of a job."""
        self._run("select pg_advisory_unlock(%s, %s)", (_LOCKS, job.number))

    def recover(self) -> None:
        """Put jobs whose worker is gone back into the queue, and fail those whose key was revoked while they waited.

        Only while this connection holds no job: its own lock would not stop it.
        """
        with self._connection, self._connection.cursor() as cur:
            # first the row, then its lock, as `take` does: in the other order two workers could wait for each other
            cur.execute("select number from wangge.jobs where status = 'running' for update skip locked")
            for (number,) in cur.fetchall():
                cur.execute("select pg_try_advisory_xact_lock(%s, %s)", (_LOCKS, number))
                if cur.fetchone() == (True,):
                    self._after_crash(number)
            cur.execute(
                f"""update wangge.jobs
                set status = 'failed', message = 'job.key-revoked', error_kind = 'Forbidden', {_END}
                where status = 'accepted'
                    and key_id in (select keys.id from wangge.keys where revoked_at is not null)"""  # noqa: S608
            )

    def forget(self, days: float) -> None:
        """Drop jobs that ended longer ago than this."""
        self._count("delete from wangge.jobs where finished_at < now() - make_interval(secs => %s)", (days * 86_400,))

    def _after_crash(self, number: int) -> None:
        again = self._count(
            """update wangge.jobs set status = 'accepted', progress = 0, message = 'job.retaken',
                message_values = '{}', updated_at = clock_timestamp()
            where number = %s and status = 'running' and attempts < %s""",
            (number, MOST_ATTEMPTS),
        )
        if not again:
            self._count(_FAIL, ("job.crashed", "{}", "WanggeError", number))

    def _end(self, job: Taken, sql: str, values: tuple[object, ...]) -> bool:
        changed = self._count(sql, values)
        self.release(job)
        return changed == 1

    def _count(self, sql: str, values: tuple[object, ...]) -> int:
        with self._connection.cursor() as cur:
            cur.execute(sql, values)
            return int(cur.rowcount)

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> None:
        with self._connection.cursor() as cur:
            cur.execute(sql, values)


_FAIL = f"""update wangge.jobs set status = 'failed', message = %s, message_values = %s, error_kind = %s, {_END}
    where number = %s and status = 'running'"""  # noqa: S608 - our own words
