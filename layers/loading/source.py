"""What a file of features is once it is open, whatever its format: batches of rows with their values and geometries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from layers.loading.rejects import Problem
from layers.loading.source_crs import SourceCrs

BATCH: Final = 20_000
"""Rows that are in memory at a time."""

FORMATS: Final = {
    ".shp": "Shapefile",
    ".zip": "Shapefile",
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".geojsonl": "GeoJSON",
    ".jsonfg": "GeoJSON",
    ".json": "GeoJSON",
    ".fgb": "FlatGeobuf",
    ".csv": "CSV",
    ".txt": "CSV",
}
"""Formats that are read, by suffix."""


@dataclass
class Batch:
    """Some rows of a file.

    Attributes
    ----------
    numbers : sequence of int
        Numbers of the rows, as a person counts them.
    columns : dict of str to list
        Values as the file has them; those of one column are as long as ``geometries``.
    geometries : (n,) ndarray of shapely geometries or None
        Coordinates as the file has them, x first.
    problems : list of (int, str, object, Problem)
        Position in the batch, field, value and problem of what could not even be read.
    """

    numbers: Sequence[int]
    columns: dict[str, Sequence[object]]
    geometries: NDArray[np.object_]
    problems: list[tuple[int, str, object, Problem]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.geometries)


class Source(Protocol):
    """An open file of features.

    Attributes
    ----------
    format : str
        Name of its format.
    columns : tuple of str
        Its columns without the geometry's.
    rows : int
        Their number, 0 where only reading to the end would tell.
    crs : SourceCrs or None
        What it says of its coordinates.
    degrees_assumed : bool
        Where it says nothing, it holds degrees of WGS 84 by custom.
    encoding : str or None
        Of its texts, where that had to be found out.
    """

    format: str
    columns: tuple[str, ...]
    rows: int
    crs: SourceCrs | None
    degrees_assumed: bool
    encoding: str | None

    def batches(self, columns: Sequence[str], size: int = BATCH) -> Iterator[Batch]:
        """Rows in the order of the file with the columns named."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
