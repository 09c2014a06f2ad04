"""Files for clients: written whole before the first byte goes out, and gone when the last one has."""

from __future__ import annotations

import tempfile
import threading
import zipfile
from pathlib import Path
from typing import IO, Final

from geo.errors import Conflict
from layers.catalogue.layer import Layer
from layers.database.database import Database
from layers.exporting.export import write_file
from layers.exporting.formats import Format
from layers.features.items_request import ItemsRequest

_AT_ONCE: Final = 2
_WAIT_S: Final = 20.0


class Downloads:
    """Makes files of what clients ask for.

    A file is spooled to disk: a slow client then holds no connection and no snapshot of the database, and what fails
    on the way is said as an error instead of a file that ends early.

    Parameters
    ----------
    database : Database
        Logged in as the service: row-level security decides what a file holds.
    at_once : int
        Files that are written at a time; the rest of the connections answer everybody else.
    """

    def __init__(self, database: Database, at_once: int = _AT_ONCE) -> None:
        self._database = database
        self._places = threading.BoundedSemaphore(at_once)

    def file(self, layer: Layer, request: ItemsRequest, format_: Format, encoding: str = "UTF-8") -> IO[bytes]:
        """What is asked for, open for reading; it has no name any more and goes when it is closed.

        Raises
        ------
        InvalidInput
            When the format can't hold what is asked for.
        Conflict
            When other files take too long.
        """
        if not self._places.acquire(timeout=_WAIT_S):
            raise Conflict("database.busy")
        try:
            with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
                parts = Path(folder) / "parts"
                parts.mkdir()
                path = parts / f"{layer.id}{format_.suffix}"
                write_file(self._database, layer, request, format_, path, encoding=encoding)
                return (_packed(parts) if format_.zipped else path).open("rb")
        finally:
            self._places.release()


def _packed(parts: Path) -> Path:
    """All files of a folder as one ZIP beside it."""
    path = parts.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(parts.iterdir()):
            archive.write(part, part.name)
    return path
