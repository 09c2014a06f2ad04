"""Runs jobs from the queue, one at a time: ``python -m config.jobs.worker``.

The worker itself only watches: a process below it does the work, so that whatever happens there, and however long it
computes, a dismissal is obeyed at once.
"""

from __future__ import annotations

import logging
import select
import socket
import sys
import time
from contextlib import suppress
from typing import Any

import psycopg2

from config.jobs.companion import serve
from config.jobs.job_process import JobProcess
from config.jobs.releasing import Releasing
from config.jobs.subscribers import Subscribers
from config.settings import Settings
from layers.jobs.queue import JobQueue, Taken

LOGGER = logging.getLogger("wangge.jobs")

_LOOK_S = 1.0
"""How often the queue is looked at without a call: for jobs of dead workers, and calls that were lost."""

_FORGET_S = 600.0


class Worker:
    """Takes jobs until it is told to stop.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = False
        self._busy = False
        self._forget_at = 0.0
        # a signal writes into this pair, and so wakes whatever select waits
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._process = JobProcess(settings)
        self._subscribers = Subscribers(settings)
        self._releasing = Releasing(settings)

    def stop(self, *_signal: object) -> None:
        """Give back what is running and end; may be called from a signal."""
        self._stopping = True
        with suppress(BlockingIOError):
            self._wake.send(b"x")

    def run(self) -> None:
        """Work until `stop`; a database that is away is waited for."""
        self._subscribers.start()
        self._releasing.start()
        try:
            while not self._stopping:
                try:
                    self._work()
                except psycopg2.Error as error:
                    LOGGER.warning("the queue is away: %s", type(error).__name__)
                    if self._busy:  # the lock went with the connection: another worker may have the job by now
                        self._process.replace()
                        self._busy = False
                    select.select([self._woken], [], [], _LOOK_S)
        finally:
            self._process.stop()
            self._subscribers.stop()
            self._releasing.stop()

    def _work(self) -> None:
        queue = JobQueue(self._settings.owner_dsn)
        try:
            while not self._stopping:
                queue.recover()
                job = queue.take()
                if job is not None:
                    self._busy = True
                    self._run(queue, job)
                    self._busy = False
                    continue
                if time.monotonic() >= self._forget_at:
                    queue.forget(self._settings.job_days)
                    self._forget_at = time.monotonic() + _FORGET_S
                self._wait(queue)
        finally:
            queue.close()

    def _wait(self, queue: JobQueue) -> None:
        """Until something may have come into the queue."""
        ready = self._ready(queue, _LOOK_S)
        queue.heard()
        if self._process in ready:
            try:
                self._process.hear()
            except (EOFError, OSError):
                LOGGER.error("the process for jobs ended by itself")
                self._process.replace()
                select.select([self._woken], [], [], _LOOK_S)

    def _ready(self, queue: JobQueue, wait_s: float) -> list[Any]:
        """Which of the queue, the signals and the process have something to say, as soon as one has."""
        sources: list[Any] = [queue, self._woken, self._process]
        return select.select(sources, [], [], wait_s)[0]

    def _run(self, queue: JobQueue, job: Taken) -> None:
        """One job from its start to its end, whichever end that is."""
        self._subscribers.wake()
        limit = self._settings.job_seconds
        end = time.monotonic() + limit
        sent = False
        while True:
            if self._process.ready and not sent:
                sent = True
                with suppress(OSError):  # it is gone, which is heard next
                    self._process.send(job, self._settings.job_stored_mb * 2**20)
            left = min(_LOOK_S, max(0.0, end - time.monotonic()))
            ready = self._ready(queue, left)
            if self._stopping:
                self._process.stop()
                queue.give_back(job)
                return
            # any login may notify, so that the job was dismissed stands in the table or isn't so
            if (("dismissed", job.id) in queue.heard() or not ready) and not queue.runs(job):
                self._process.replace()
                queue.release(job)
                break
            if self._process in ready:
                try:
                    said, result = self._process.hear()
                except (EOFError, OSError):
                    LOGGER.error("job %s: what ran it is gone", job.id)
                    self._process.replace()
                    queue.crashed(job)
                    break
                if self._told(queue, job, said, result):
                    self._process.rest()
                    break
            if time.monotonic() >= end:
                self._process.replace()
                queue.fail(job, "WanggeError", "job.too-long", {"limit": limit})
                break
        self._subscribers.wake()

    @staticmethod
    def _told(queue: JobQueue, job: Taken, said: dict[str, Any], result: bytes) -> bool:
        """Pass on what the process says of its job; True when that was the last of it."""
        match said["event"]:
            case "progress":
                queue.progress(job, said["percent"], said["key"])
            case "result":
                queue.succeed(job, said["media_type"], result)
            case "error":
                queue.fail(job, said["kind"], said["key"], said["values"])
        return said["event"] in ("result", "error")


if __name__ == "__main__":
    sys.exit(serve("config.jobs.worker", Worker))
