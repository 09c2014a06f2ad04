"""Files of features opened for reading, each by what reads its format, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from geo.errors import InvalidInput
from layers.loading.reading_csv import CsvFile
from layers.loading.reading_vector import VectorFile
from layers.loading.source import FORMATS, Source


def open_source(
    path: Path, *, encoding: str | None = None, prefer: Sequence[str] = (), coordinates: Mapping[str, str] | None = None
) -> Source:
    """Open a file of features; use it in a ``with`` block.

    Parameters
    ----------
    path : Path
        Its suffix gives the format, see `FORMATS`.
    encoding : str, optional
        Of its texts (Shapefile, CSV); found out when not given.
    prefer : sequence of str
        Names of the layer to take where the file has several.
    coordinates : mapping of str to str, optional
        Columns of a CSV file that hold ``lon``, ``lat`` or ``wkt``.

    Raises
    ------
    InvalidInput
        When the file is not there, has a format that is not read, or can't be read.
    """
    if not path.is_file():
        raise InvalidInput("load.no-file", file=str(path))
    if FORMATS.get(path.suffix.lower()) is None:
        raise InvalidInput("load.format", file=path.name, formats=" ".join(FORMATS))
    if FORMATS[path.suffix.lower()] == "CSV":
        return CsvFile(path, encoding=encoding, coordinates=coordinates or {})
    return VectorFile(path, encoding=encoding, prefer=prefer)
