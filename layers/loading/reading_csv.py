"""CSV files with coordinates in columns: longitude and latitude, easting and northing, or well-known text."""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InvalidInput
from layers.loading.encoding import encoding_of_text
from layers.loading.rejects import Problem
from layers.loading.source import BATCH, Batch
from layers.loading.source_crs import SourceCrs

COORDINATES: Final = {
    "lon": ("lon", "lng", "long", "longitude", "经度", "东经", "x", "easting", "东坐标", "横坐标"),
    "lat": ("lat", "latitude", "纬度", "北纬", "y", "northing", "北坐标", "纵坐标"),
    "wkt": ("wkt", "geom", "geometry", "thegeom", "几何"),
}
"""Names of columns that hold coordinates, the likeliest first."""

_HEAD: Final = 64 * 1024


class CsvFile:
    """A CSV file, see `layers.loading.reading.Source`; its first row has the names of the columns.

    Parameters
    ----------
    path : Path
        UTF-8 with or without mark, UTF-16 with mark, or GBK; commas, semicolons or tabs.
    encoding : str, optional
        Found out when not given.
    coordinates : mapping of str to str
        Columns that hold ``lon``, ``lat`` or ``wkt``, for those whose names don't say so.

    Notes
    -----
    Every value comes as text, so a code stays what it is. A row's number is that of a spreadsheet: the header is row 1.
    """

    format = "CSV"
    crs: SourceCrs | None = None
    degrees_assumed = True

    def __init__(self, path: Path, *, encoding: str | None = None, coordinates: Mapping[str, str]) -> None:
        self._path = path
        self.encoding: str | None = encoding_of_text(path, encoding)
        # a county's outline as text is longer than the default allows
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        with path.open(encoding=self.encoding, newline="") as file:
            head = file.read(_HEAD)
        self._delimiter = max(",;\t", key=head.partition("\n")[0].count)
        with path.open(encoding=self.encoding, newline="") as file:
            names = next(self._reader(file), [])
        self._names = [name.strip() for name in names]
        if not any(self._names):
            raise InvalidInput("load.empty", file=path.name)
        repeated = sorted({name for name in self._names if name and self._names.count(name) > 1})
        if repeated:
            raise InvalidInput("load.repeated-columns", file=path.name, columns=", ".join(repeated))
        self._geometry = self._find(coordinates)
        taken = set(self._geometry.values())
        self.columns: tuple[str, ...] = tuple(name for name in self._names if name and name not in taken)
        with path.open("rb") as raw:
            lines = sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))
        self.rows = max(lines - 1, 0)

    def _reader(self, file: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(file, delimiter=self._delimiter)

    def _find(self, given: Mapping[str, str]) -> dict[str, str]:
        """Column of each coordinate: ``lon`` and ``lat``, or ``wkt``."""
        found: dict[str, str] = {}
        for part, column in given.items():
            same = [name for name in self._names if name == column] or [
                name for name in self._names if name.casefold() == column.casefold()
            ]
            if not same:
                raise InvalidInput("load.map-column", field=part, column=column, columns=", ".join(self._names))
            found[part] = same[0]
        if "wkt" in found or {"lon", "lat"} <= found.keys():
            return found
        plain = {_plain(name): name for name in reversed(self._names)}
        for part, words in COORDINATES.items():
            match = next((plain[word] for word in words if word in plain), None)
            if match is not None:
                found.setdefault(part, match)
        if {"lon", "lat"} <= found.keys():
            found.pop("wkt", None)
            return found
        if "wkt" in found:
            return {"wkt": found["wkt"]}
        raise InvalidInput("load.no-coordinates", file=self._path.name, columns=", ".join(self._names))

    def batches(self, columns: Sequence[str], size: int = BATCH) -> Iterator[Batch]:
        """Rows in the order of the file; see `layers.loading.reading.Source`."""
        places = {name: self._names.index(name) for name in columns}
        with self._path.open(encoding=self.encoding, newline="") as file:
            numbered = enumerate(self._reader(file), start=1)
            next(numbered)
            try:
                while rows := list(islice(numbered, size)):
                    # spreadsheets leave empty rows behind; the others keep their numbers
                    yield self._batch([(number, row) for number, row in rows if any(row)], places)
            except csv.Error as error:
                raise InvalidInput("load.unreadable", file=self._path.name, format="CSV", reason=str(error)) from error

    def _batch(self, numbered: list[tuple[int, list[str]]], places: Mapping[str, int]) -> Batch:
        problems: list[tuple[int, str, object, Problem]] = []
        width = len(self._names)
        rows = [row for _, row in numbered]
        for at, row in enumerate(rows):
            if len(row) < width:
                rows[at] = row + [""] * (width - len(row))
            elif len(row) > width and any(row[width:]):
                problem = Problem("load.reject-cells", {"expected": width, "found": len(row)})
                problems.append((at, "row", self._delimiter.join(row[width:]), problem))
        values: dict[str, Sequence[object]] = {name: [row[place] for row in rows] for name, place in places.items()}
        read = self._from_text if "wkt" in self._geometry else self._from_numbers
        return Batch([number for number, _ in numbered], values, read(rows, problems), problems)

    def _from_text(
        self, rows: list[list[str]], problems: list[tuple[int, str, object, Problem]]
    ) -> NDArray[np.object_]:
        place = self._names.index(self._geometry["wkt"])
        texts = np.array([re.sub(r"^SRID=\d+;", "", row[place].strip()) or None for row in rows], dtype=object)
        geometries: NDArray[np.object_] = shapely.from_wkt(texts, on_invalid="ignore")
        for at in np.flatnonzero(shapely.is_missing(geometries)):
            if texts[at]:
                problems.append((int(at), "geometry", texts[at], Problem("load.reject-wkt")))
        return geometries

    def _from_numbers(
        self, rows: list[list[str]], problems: list[tuple[int, str, object, Problem]]
    ) -> NDArray[np.object_]:
        lon, lat = (self._names.index(self._geometry[part]) for part in ("lon", "lat"))
        try:
            points = np.array([(row[lon] or "nan", row[lat] or "nan") for row in rows], dtype=float).reshape(-1, 2)
        except ValueError:
            points = self._numbers_one_by_one(rows, lon, lat, problems)
        whole = np.isfinite(points).all(axis=1)
        geometries = np.full(len(rows), None, dtype=object)
        geometries[whole] = shapely.points(points[whole])
        return geometries

    @staticmethod
    def _numbers_one_by_one(
        rows: list[list[str]], lon: int, lat: int, problems: list[tuple[int, str, object, Problem]]
    ) -> NDArray[np.float64]:
        """Coordinates where at least one is no number, each of which is told."""
        points = np.full((len(rows), 2), np.nan)
        for at, row in enumerate(rows):
            for axis, place in enumerate((lon, lat)):
                text = row[place].strip()
                if not text:
                    continue
                try:
                    points[at, axis] = float(text)
                except ValueError:
                    problems.append((at, "geometry", text, Problem("load.reject-coordinate")))
        return points

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def _plain(name: str) -> str:
    """Name of a column without what stands in parentheses, case, blanks and underscores."""
    text = re.sub(r"[(\[].*?[)\]]", "", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\s_-]", "", text).casefold()
