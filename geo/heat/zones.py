"""H3 cells as zones of a discrete global grid: what one is, which lie in a box, and its sub-zones in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import h3.api.basic_int as h3
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import InvalidInput, NotFound

FINEST: Final = 15
_MOST_ZONES: Final = 120_000


@dataclass(frozen=True)
class Zone:
    """One zone.

    Attributes
    ----------
    cell : int
        H3 number.
    level : int
        H3 resolution, 0 to 15.
    shape : str
        ``hexagon`` or ``pentagon``.
    centroid : (float, float)
        Longitude and latitude of its centre, WGS 84 degrees.
    area_m2 : float
        On the sphere that H3 computes with.
    outline : shapely Polygon
        WGS 84, longitude first.
    """

    cell: int
    level: int
    shape: str
    centroid: tuple[float, float]
    area_m2: float
    outline: shapely.Polygon

    @property
    def id(self) -> str:
        """Textual identifier: the number in hexadecimal digits."""
        return zone_id(self.cell)


def zone_id(cell: int) -> str:
    """Textual identifier of a cell.

    >>> zone_id(612536161985888255)
    '8802a64db3fffff'
    """
    return f"{cell:x}"


def read_zone(text: str) -> Zone:
    """The zone of an identifier.

    Raises
    ------
    NotFound
        When there is no such zone.
    """
    try:
        cell = int(text, 16) if len(text) <= 16 else 0
    except ValueError:
        cell = 0
    if not (0 < cell < 2**63 and zone_id(cell) == text.lower() and h3.is_valid_cell(cell)):
        raise NotFound("dggs.no-zone", zone=text[:40])
    lat, lon = h3.cell_to_latlng(cell)
    ring = [(x, y) for y, x in h3.cell_to_boundary(cell)]
    shape = "pentagon" if h3.is_pentagon(cell) else "hexagon"
    return Zone(
        cell, h3.get_resolution(cell), shape, (lon, lat), h3.cell_area(cell, unit="m^2"), shapely.Polygon(ring)
    )


def sub_zones(cell: int, depth: int) -> NDArray[np.int64]:
    """Sub-zones of a zone some levels deeper, in the order of their numbers, which is the order of data.

    Raises
    ------
    InvalidInput
        When there are none so deep, or too many.
    """
    level = h3.get_resolution(cell) + depth
    if depth < 0 or level > FINEST or 7**depth > _MOST_ZONES:
        raise InvalidInput("dggs.depth", depth=depth)
    return np.sort(np.array(list(h3.cell_to_children(cell, level)), dtype=np.int64))


def family(cell: int) -> tuple[int | None, list[int], list[int]]:
    """Parent, children and neighbours of a zone."""
    level = h3.get_resolution(cell)
    parent = h3.cell_to_parent(cell) if level else None
    children = sorted(h3.cell_to_children(cell)) if level < FINEST else []
    return parent, children, sorted(set(h3.grid_disk(cell, 1)) - {cell})


def compacted(cells: ArrayLike) -> NDArray[np.int64]:
    """Cells of one level with all the children of a zone replaced by it, as often as that can be done."""
    given = np.unique(np.asarray(cells, dtype=np.int64))
    return np.sort(np.array(h3.compact_cells(given.tolist()), dtype=np.int64))


def areas_m2(cells: ArrayLike) -> NDArray[np.float64]:
    """Area of each cell."""
    return np.array([h3.cell_area(cell, unit="m^2") for cell in np.asarray(cells).tolist()], dtype=np.float64)
