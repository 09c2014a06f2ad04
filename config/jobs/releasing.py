"""Releases the counts of each month to the public once it is closed, as long as workers run."""

from __future__ import annotations

import logging
import threading
from typing import Final

import psycopg2

from config.settings import Settings
from geo.errors import WanggeError
from layers.database.database import Database
from layers.heat.release import release_counts
from layers.identity import ADMIN

LOGGER = logging.getLogger("wangge.releases")

_LOOK_S: Final = 3600.0


class Releasing:
    """Looks once an hour whether a month has been closed.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        # a release that is cut short by the end of the process leaves nothing behind: it is one transaction
        self._thread = threading.Thread(target=self._run, name="wangge-releases", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except (psycopg2.Error, WanggeError, ArithmeticError) as error:
                LOGGER.warning("no counts were released: %s", error)
            if self._stopping.wait(_LOOK_S):
                return

    def look(self) -> None:
        """Release what is closed and not released yet."""
        database = Database(self._settings.owner_dsn, pool_size=1)
        try:
            with database.transaction(ADMIN) as cur:
                made = release_counts(cur, self._settings.publishing)
        finally:
            database.close()
        if made is not None:
            LOGGER.info("release %d: counts up to %s", made.number, f"{made.through:%Y-%m}")
