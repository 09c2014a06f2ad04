"""Tells subscribers what becomes of their jobs: a thread of the worker, so that a slow one keeps nobody waiting."""

from __future__ import annotations

import http.client
import logging
import threading
from contextlib import closing

import psycopg2

from config.settings import Settings
from geo.errors import WanggeError
from layers.jobs.callbacks import JobCallback, deliver_one
from processes.answers import as_json
from processes.jobs.callback import Reach, post
from processes.jobs.document import job_document

LOGGER = logging.getLogger("wangge.jobs")

_LOOK_S = 5.0


class Subscribers:
    """Delivers what is due, by whichever worker made it so.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reach = Reach(settings.callback_allowed, settings.callback_seconds)
        self._due = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="wangge-subscribers", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._due.set()

    def stop(self) -> None:
        """End after what is under way, or without it when that takes long: it stays due."""
        self._stopping = True
        self._due.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._stopping:
            try:
                with closing(psycopg2.connect(self._settings.owner_dsn, application_name="wangge callbacks")) as found:
                    found.autocommit = True
                    with found.cursor() as cur:
                        cur.execute("set timezone to 'Asia/Shanghai'")
                    while not self._stopping:
                        self._due.wait(_LOOK_S)
                        self._due.clear()
                        while not self._stopping and deliver_one(found, self._send):
                            pass
            except psycopg2.Error as error:
                LOGGER.warning("callbacks: %s", type(error).__name__)
                self._due.clear()
                self._due.wait(1.0)

    def _send(self, callback: JobCallback) -> bool:
        """Deliver one; False when it is worth another try."""
        if callback.status == "successful" and callback.result is not None:
            body = callback.result
        else:
            body = as_json(job_document(callback.job, self._settings.base_url, callback.language))
        try:
            status = post(callback.uri, body, self._reach)
        except WanggeError as error:
            LOGGER.warning("job %s: callback refused: %s", callback.job.id, error)
            return True
        except (OSError, http.client.HTTPException) as error:
            LOGGER.warning("job %s: callback not delivered: %s", callback.job.id, type(error).__name__)
            return False
        if not 200 <= status < 300:
            LOGGER.warning("job %s: callback answered with %s", callback.job.id, status)
        return status < 500
