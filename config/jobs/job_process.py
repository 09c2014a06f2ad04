"""The process that runs a worker's jobs, as the worker has it: started ahead of need, told what to run, and killed
together with its queries.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

import orjson
import psycopg2

from config.settings import PROJECT, Settings
from layers.jobs.queue import Taken

LOGGER = logging.getLogger("wangge.jobs")

_GONE_MS = 5000
"""How long the queries of a killed process may take to end; a job is given to nobody else before."""

_MOST_JOBS = 50
"""Jobs after which the process is replaced, so that nothing that one of them left behind grows for ever."""


class JobProcess:
    """One process that runs jobs, and the next one after it when it is killed or worn.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._start()

    def _start(self) -> None:
        self._name = f"wangge job {secrets.token_hex(8)}"
        self._jobs = 0
        self.ready = False
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "config.jobs.job_child", str(os.getpid()), str(theirs.fileno()), self._name],
                env=self._settings.environment(), cwd=PROJECT, stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self._connection = Connection(ours.detach())

    def fileno(self) -> int:
        """What it says arrives here."""
        return self._connection.fileno()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send(self, job: Taken, most_bytes: int) -> None:
        """Have it run a job; only once it has said that it is ready.

        Parameters
        ----------
        job : Taken
            What to run.
        most_bytes : int
            How large the result may be.
        """
        self._jobs += 1
        head = {
            "process": job.process, "response": job.response, "asker": asdict(job.asker), "most_bytes": most_bytes,
        }  # fmt: skip
        self._connection.send_bytes(orjson.dumps(head))
        self._connection.send_bytes(job.inputs)

    def hear(self) -> tuple[dict[str, Any], bytes]:
        """The next thing that it says, and the result that goes with it.

        Raises
        ------
        EOFError, OSError
            When it is gone.
        """
        said = orjson.loads(self._connection.recv_bytes())
        self.ready |= said["event"] == "ready"
        return said, self._connection.recv_bytes() if said["event"] == "result" else b""

    def replace(self) -> None:
        """Kill it, end its queries, and start the next one."""
        self.stop()
        self._start()

    def rest(self) -> None:
        """A job has ended: a worn process is replaced before the next one comes."""
        if self._jobs >= _MOST_JOBS:
            self.replace()

    def stop(self) -> None:
        """Kill it and end its queries."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        try:
            self._end_queries()
        except psycopg2.Error as error:
            # the server itself ends them within half a second (client_connection_check_interval)
            LOGGER.warning("queries of a killed job were not ended at once: %s", type(error).__name__)

    def _end_queries(self) -> None:
        """As the service's login, which may end its own connections and no others; returns when they are gone."""
        with closing(psycopg2.connect(self._settings.api_dsn)) as connection, connection.cursor() as cur:
            cur.execute(
                "select pg_terminate_backend(pid, %s) from pg_stat_activity"
                " where application_name = %s and usename = current_user",
                (_GONE_MS, self._name),
            )
