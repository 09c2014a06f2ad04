"""The process that runs jobs, one after the other, for the worker above it: it may be killed at any moment.

It logs in as the service does, and so sees what the asker may see and no more. What it says to the worker goes through
a socket: messages in JSON, a result as the bytes that are kept.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import orjson
from psycopg2.extensions import make_dsn, parse_dsn

from config.jobs.lifeline import end_with
from config.settings import load
from geo.errors import WanggeError
from layers.checking.ordinary import bind_ordinary
from layers.database.database import Database, bind
from layers.heat.public import bind_publishing
from layers.identity import Identity, acting
from layers.jobs.progress import listening
from layers.situation.rules import bind_rules, read_rules
from processes.answers import as_json, in_form
from processes.registry import PROCESSES

LOGGER = logging.getLogger("wangge.jobs")

_TELL_EVERY_S = 0.2
# A job's queries are ended with the job, not after a request's 30 s; and the server looks every half second whether
# this process is still there, since a query otherwise goes on for nobody.
_OPTIONS = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c client_connection_check_interval=500"


def child_dsn(api_dsn: str, name: str) -> str:
    """Address of the database for the queries of a job.

    Parameters
    ----------
    api_dsn : str
        As the service's login.
    name : str
        Under which the server lists the connections, so that the worker finds and ends them.
    """
    options = f"{parse_dsn(api_dsn).get('options', '')} {_OPTIONS}".strip()
    dsn: str = make_dsn(api_dsn, application_name=name, options=options)
    return dsn


class _Teller:
    """Passes on how far a job has come, but not more often than anybody reads it."""

    def __init__(self, worker: Connection) -> None:
        self._worker = worker
        self._last = 0.0

    def __call__(self, done: float, total: float, key: str) -> None:
        now = time.monotonic()
        if now - self._last >= _TELL_EVERY_S and total > 0:
            self._last = now
            percent = int(100 * min(max(done / total, 0.0), 1.0))
            self._worker.send_bytes(orjson.dumps({"event": "progress", "percent": percent, "key": key}))


def run(job: dict[str, Any], inputs: bytes, worker: Connection) -> None:
    """Run one job and say what became of it.

    Parameters
    ----------
    job : dict
        ``process``, ``response``, ``asker`` and ``most_bytes`` of the result.
    inputs : bytes
        JSON text.
    worker : Connection
        Whom to tell.
    """
    try:
        with acting(Identity(**job["asker"])), listening(_Teller(worker)):
            process = PROCESSES[job["process"]]()
            media_type, result = process.execute(orjson.loads(inputs))
            answer = as_json(in_form(result, job["response"]))
        if len(answer) > job["most_bytes"]:
            raise WanggeError("job.large-result", most=job["most_bytes"] // 2**20)
    except WanggeError as error:
        said = {"kind": type(error).__name__, "key": error.key, "values": error.values}
    except Exception as error:  # the rim: the asker learns a reference, the log the rest
        reference = secrets.token_hex(4)
        LOGGER.error("reference %s: process %s", reference, job["process"], exc_info=error)
        said = {"kind": "WanggeError", "key": "job.internal", "values": {"reference": reference}}
    else:
        worker.send_bytes(orjson.dumps({"event": "result", "media_type": media_type}))
        worker.send_bytes(answer)
        return
    worker.send_bytes(as_json({"event": "error"} | said))


def main(arguments: list[str]) -> int:
    """Serve the worker until it is gone.

    Parameters
    ----------
    arguments : list of str
        Number of the worker's process, file descriptor of the socket, name for the server's list of connections.
    """
    parent, descriptor, name = int(arguments[0]), int(arguments[1]), arguments[2]
    end_with(parent, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)  # who waits for a page comes before who left a job behind
    settings = load()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    bind_ordinary(settings.grid_limits)
    bind_publishing(settings.publishing)
    bind(Database(child_dsn(settings.api_dsn, name), pool_size=2))
    bind_rules(read_rules(settings.rules))
    worker = Connection(socket.socket(fileno=descriptor).detach())
    worker.send_bytes(orjson.dumps({"event": "ready"}))
    while True:
        try:
            job = orjson.loads(worker.recv_bytes())
            inputs = worker.recv_bytes()
        except EOFError:
            return 0
        run(job, inputs, worker)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
