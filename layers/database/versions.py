"""Keeps the version of every layer at hand, told by the database the moment a change is committed."""

from __future__ import annotations

import logging
import select
import threading
import time

import psycopg2

from layers.catalogue.layer import Layer
from layers.database.database import Database
from layers.identity import current

LOGGER = logging.getLogger(__name__)

_CHECK_S = 1.0
_RETRY_S = 1.0


def version_name(layer: Layer) -> str:
    """Name of the version that a layer's representations hang on for who asks.

    Where the public sees released counts, its version rises with a release: one that rose with every case would tell
    when cases come in.
    """
    return f"{layer.id}-released" if layer.released and current().scope != "staff" else layer.id


class Versions:
    """Versions of the layers of one database, kept by a listening thread.

    A notification arrives with the commit, and the table is read; once a second it is read anyhow, so that a
    connection that died without a word can't keep a stale version alive. While the listener has no connection nothing
    is known and nothing may be cached.

    Parameters
    ----------
    database : Database
        Where to listen.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] | None = None
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wangge-versions", daemon=True)

    def start(self) -> Versions:
        """Begin to listen; returns when the versions are known or after two seconds."""
        self._thread.start()
        self._ready.wait(2.0)
        return self

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def of(self, layer: str) -> int | None:
        """Version of a layer; 0 for one that never changed, None when nothing is known at the moment."""
        known = self._known
        return None if known is None else known.get(layer, 0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg2.Error as error:
                self._known = None  # before it is said
                LOGGER.warning("layer versions: %s", type(error).__name__)
            finally:
                self._known = None
            self._stopping.wait(_RETRY_S)

    def _listen(self) -> None:
        connection = self._database.connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cur:
                cur.execute("listen wangge_versions")
                while not self._stopping.is_set():
                    # read after the notifications are drained, so what they said is never older than what is read
                    connection.notifies.clear()
                    cur.execute("select layer, version from wangge.layer_versions")
                    self._known = {
                        layer.decode() if isinstance(layer, bytes) else layer: v for layer, v in cur.fetchall()
                    }
                    self._ready.set()
                    self._hear(connection)
        finally:
            connection.close()

    def _hear(self, connection: psycopg2.extensions.connection) -> None:
        """Wait until something is notified, or the next look at the table is due."""
        due = time.monotonic() + _CHECK_S
        while not self._stopping.is_set():
            # one that came with the answer to the last look-up is in the list, and makes the socket readable no more
            if connection.notifies:
                # Only that something is told is believed: any login may notify, and a version that is ahead of the
                # table would keep what was drawn before the change under the change's own version.
                return
            left = due - time.monotonic()
            if left <= 0:
                return
            if select.select([connection], [], [], left)[0]:
                connection.poll()
