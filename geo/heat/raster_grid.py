"""A grid of square cells over a city, and which of its cells lie inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray


@dataclass(frozen=True)
class RasterGrid:
    """Square cells in rows from north to south, columns from west to east.

    Attributes
    ----------
    west, north : float
        Upper left corner, metres.
    cell_m : float
        Side of a cell.
    rows, columns : int
        How many there are.
    """

    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    @classmethod
    def over(cls, bounds: tuple[float, float, float, float], cell_m: float) -> RasterGrid:
        """The least grid over bounds (west, south, east, north) whose corners are whole multiples of the cell.

        Maps of one city and cell size so lie on each other cell by cell, whatever moved its outline.
        """
        west, south = math.floor(bounds[0] / cell_m), math.floor(bounds[1] / cell_m)
        east, north = math.ceil(bounds[2] / cell_m), math.ceil(bounds[3] / cell_m)
        return cls(west * cell_m, north * cell_m, cell_m, max(north - south, 1), max(east - west, 1))

    def finer(self, parts: int) -> RasterGrid:
        """The same ground with every cell cut into ``parts`` x ``parts``."""
        return RasterGrid(self.west, self.north, self.cell_m / parts, self.rows * parts, self.columns * parts)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        south, east = self.north - self.rows * self.cell_m, self.west + self.columns * self.cell_m
        return self.west, south, east, self.north

    def inside(self, city: shapely.Geometry) -> NDArray[np.bool_]:
        """Which cells have their middle in a polygon.

        Parameters
        ----------
        city : Polygon or MultiPolygon
            Metres, valid.

        Returns
        -------
        (rows, columns) array of bool

        Notes
        -----
        A middle lies inside when an odd number of edges crosses its row to the west of it. Each edge is half open, so
        a vertex on a row counts once.
        """
        crossings = np.zeros((self.rows, self.columns + 1), dtype=np.int64)
        for ring in shapely.get_rings(shapely.get_parts(city)):
            corners = shapely.get_coordinates(ring)
            column = (corners[:, 0] - self.west) / self.cell_m - 0.5
            row = (self.north - corners[:, 1]) / self.cell_m - 0.5
            first = np.ceil(np.minimum(row[:-1], row[1:])).clip(0, self.rows).astype(np.int64)
            count = np.ceil(np.maximum(row[:-1], row[1:])).clip(0, self.rows).astype(np.int64) - first
            edge = np.repeat(np.arange(len(count)), count)
            crossed = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
            share = (crossed - row[edge]) / (row[edge + 1] - row[edge])
            where = column[edge] + share * (column[edge + 1] - column[edge])
            at = np.ceil(where).clip(0, self.columns).astype(np.int64)
            np.add.at(crossings, (crossed, at), 1)
        found: NDArray[np.bool_] = (np.cumsum(crossings, axis=1)[:, :-1] & 1).astype(bool)
        return found
