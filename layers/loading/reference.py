"""What the database knows that rows of a file are held against: divisions, grids, codes, case types, the city."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme, scheme_of
from geo.locate import GridIndex
from layers.loading.shaping import NEAR_CITY_DEG

DEFAULT_METRIC_SRID = 4549


@dataclass
class Reference:
    """A snapshot of what a transaction sees.

    Attributes
    ----------
    cursor : cursor
        Of the transaction; geometries are read when they are first asked for.
    today : date
        The database's day.
    outline : shapely geometry or None
        The city's, EPSG:4490; None where no city was set up.
    metric_srid : int
        EPSG code of the city's metric CRS.
    scheme : CodeScheme
        How grids are coded.
    townships, villages : set of str
        Codes of divisions by level.
    grid_codes : set of str
        Every code that was ever given out.
    """

    cursor: Cursor
    today: date
    outline: BaseGeometry | None
    metric_srid: int
    scheme: CodeScheme
    townships: set[str]
    villages: set[str]
    grid_codes: set[str]
    _grid_indexes: dict[int, GridIndex] = field(default_factory=dict)

    @classmethod
    def read(cls, cur: Cursor) -> Reference:
        """Read what is small and always asked for."""
        cur.execute("select current_date")
        today = _all(cur)[0][0]
        cur.execute("select st_asbinary(outline), metric_srid, scheme from wangge.city")
        outline, metric, scheme = next(iter(_all(cur)), (None, DEFAULT_METRIC_SRID, DEFAULT_SCHEME.id))
        cur.execute("select level, code from wangge.divisions")
        codes: dict[str, set[str]] = {"county": set(), "township": set(), "village": set()}
        for level, code in _all(cur):
            codes[level].add(code)
        cur.execute("select code from wangge.issued_codes")
        issued = {code for (code,) in _all(cur)}
        return cls(
            cur,
            today,
            shapely.from_wkb(bytes(outline)) if outline is not None else None,
            metric,
            scheme_of(scheme),
            codes["township"],
            codes["village"],
            issued,
        )

    @cached_property
    def surroundings(self) -> BaseGeometry | None:
        """The city with a rim, prepared; what has its middle outside is not the city's."""
        if self.outline is None:
            return None
        ground = shapely.buffer(self.outline, NEAR_CITY_DEG)
        shapely.prepare(ground)
        return ground

    @cached_property
    def case_types(self) -> dict[tuple[str, str], str]:
        """Name of each type of case by category and code."""
        self.cursor.execute("select category, type_code, type_name from wangge.case_types")
        return {(category, code): name for category, code, name in _all(self.cursor)}

    @cached_property
    def _village_index(self) -> GridIndex:
        return self._index(
            "select code, st_asbinary(geom) from wangge.todays_divisions where level = 'village' order by code"
        )

    @cached_property
    def _township_index(self) -> GridIndex:
        return self._index(
            "select code, st_asbinary(geom) from wangge.todays_divisions where level = 'township' order by code"
        )

    @cached_property
    def _grids(self) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.datetime64], NDArray[np.datetime64]]:
        """Code, shape, first day and day of the end (NaT: none) of every social-governance grid that there ever was."""
        # a dedicated grid lies inside a social-governance one, which is the one that every place has
        self.cursor.execute(
            "select code, st_asbinary(geom), valid_from, valid_to from wangge.grids where kind = 'social' order by code"
        )
        rows = _all(self.cursor)
        shapes = shapely.from_wkb(np.array([bytes(shape) for _, shape, _, _ in rows], dtype=object))
        codes = np.array([code for code, _, _, _ in rows], dtype=object)
        begins, ends = (np.array([row[at] for row in rows], dtype="datetime64[D]") for at in (2, 3))
        return codes, shapes, begins, ends

    @cached_property
    def _changes(self) -> NDArray[np.datetime64]:
        """Days on which the map of grids changes, rising."""
        _, _, begins, ends = self._grids
        return np.unique(np.concatenate((begins, ends[~np.isnat(ends)])))

    def _grid_index(self, epoch: int) -> GridIndex:
        """Index of the grids that were valid from one change of the map to the next."""
        if epoch not in self._grid_indexes:
            codes, shapes, begins, ends = self._grids
            day = self._changes[epoch]
            valid = (begins <= day) & (np.isnat(ends) | (ends > day))
            self._grid_indexes[epoch] = GridIndex(shapes[valid], codes[valid].tolist())
        return self._grid_indexes[epoch]

    def complete(self) -> Reference:
        """Read what would be read when it is first asked for, so that the reference outlives its transaction."""
        for name in ("surroundings", "case_types", "_village_index", "_township_index", "_grids", "_changes"):
            getattr(self, name)
        return self

    def _index(self, statement: str) -> GridIndex:
        self.cursor.execute(statement)
        rows = _all(self.cursor)
        shapes = shapely.from_wkb(np.array([bytes(shape) for _, shape in rows], dtype=object))
        return GridIndex(shapes, [code for code, _ in rows])

    def village_at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str | None]:
        """Village that each point lies in; degrees, NaN where there is no point."""
        return _located(self._village_index, x, y)

    def township_at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str | None]:
        """Township that each point lies in."""
        return _located(self._township_index, x, y)

    def grid_at(
        self, x: NDArray[np.float64], y: NDArray[np.float64], days: NDArray[np.datetime64] | None = None
    ) -> list[str | None]:
        """Social-governance grid that each point lay in on its day; today where no days are given or one is NaT.

        Days before the first map of grids that is known have the grids of that map: a city that begins with its grids
        of today has its cases of last year in them.
        """
        today = np.datetime64(self.today, "D")
        on = np.full(len(x), today) if days is None else np.where(np.isnat(days), today, days)
        found: list[str | None] = [None] * len(x)
        if not len(self._changes):
            return found
        epochs = np.searchsorted(self._changes, on, side="right") - 1
        epochs = np.maximum(epochs, 0)
        for epoch in np.unique(epochs).tolist():
            here = np.flatnonzero(epochs == epoch)
            for at, code in zip(here.tolist(), _located(self._grid_index(epoch), x[here], y[here]), strict=True):
                found[at] = code
        return found


def _located(index: GridIndex, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str | None]:
    return index.names_of(index.locate(x, y)) if len(index) else [None] * len(x)


def _all(cur: Cursor) -> list[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = cur.fetchall()
    return list(rows)
