"""Layers that have to be coverages, with what they are held against: the city's outline and the divisions above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.coverage.limits import Limits
from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.checking.coded_grids import coded_layers
from layers.checking.ordinary import ordinary

DIVISIONS = "divisions"
NO_LIMITS = Limits()

_CITY = "select metric_srid, st_asbinary(outline) from wangge.city"
_DIVISIONS = "select code, parent_code, st_asbinary(geom) from wangge.todays_divisions where level = %s order by code"
_GRIDS = "select {id}, village_code, st_asbinary(geom), kind, population from {table} {today} order by 1"

SCATTERED_KIND = "dedicated"
"""Grids of this kind lie on top of the others, where there is a park or a market: they overlap no other of their kind,
but leave out most of the city."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Polygons that have to leave no gap and no overlap.

    Attributes
    ----------
    ids : list of str, length n
    geometries : (n,) ndarray of shapely geometries
        EPSG:4490, longitude first.
    parent_of : list of str or None, length n
        Code of the division above.
    parents : (m,) ndarray of shapely geometries
    parent_codes : list of str, length m
    outline : shapely geometry or None
        What they have to cover.
    metric_srid : int or None
        EPSG code of the city's metric CRS.
    complete : bool
        Whether a gap between them is a fault.
    above, net : ndarray of shapely geometries
        Those of the layer that lie on top of these or are carved out of them; those that these lie on top of.
    population : (n,) float ndarray or None
        Not-a-number where it is not known.
    limits : Limits
        Areas and populations that are ordinary.
    """

    ids: list[str]
    geometries: NDArray[np.object_]
    parent_of: list[str | None] = field(default_factory=list)
    parents: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    parent_codes: list[str] = field(default_factory=list)
    outline: BaseGeometry | None = None
    metric_srid: int | None = None
    complete: bool = True
    above: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    net: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    population: NDArray[np.float64] | None = None
    limits: Limits = NO_LIMITS

    def by_kind(self, kinds: Sequence[str | None]) -> list[Coverage]:
        """The grids of all kinds but the scattered one, and those, each as a coverage of its own.

        Size and population are judged of the first only: a market is a dedicated grid, small and without inhabitants.
        """
        scattered = np.array([kind == SCATTERED_KIND for kind in kinds], dtype=bool)
        if not scattered.any():
            return [self]
        rest = replace(self._only(~scattered), above=self.geometries[scattered])
        top = replace(self._only(scattered), complete=False, net=rest.geometries, limits=NO_LIMITS)
        return [*([rest] if rest.ids else []), top]

    def _only(self, keep: NDArray[np.bool_]) -> Coverage:
        some = np.flatnonzero(keep).tolist()
        parent_of = [self.parent_of[i] for i in some] if self.parent_of else []
        people = None if self.population is None else self.population[some]
        ids = [self.ids[i] for i in some]
        return replace(self, ids=ids, geometries=self.geometries[some], parent_of=parent_of, population=people)

    def townships(self) -> dict[str, str]:
        """Township of each polygon by its id, where its code or its parent's begins with one."""
        found = {}
        for name, parent in zip(self.ids, self.parent_of or [None] * len(self.ids), strict=True):
            code = parent if parent and len(parent) >= 9 else name
            if code[:9].isascii() and code[:9].isdigit() and len(code) >= 9:
                found[name] = code[:9]
        return found


def coverage_layers() -> list[str]:
    """Ids of the layers that have to be coverages."""
    return [*coded_layers(), DIVISIONS]


def read_coverages(cur: Cursor, layer_id: str, limits: Limits | None = None) -> list[Coverage]:
    """What is to be checked of a layer: of the divisions villages and townships each by themselves.

    Grids are held against ``limits``, where None stands for those of this process.

    Raises
    ------
    InvalidInput
        When the layer does not exist or need not be a coverage.
    """
    if layer_id not in coverage_layers():
        raise InvalidInput("check.no-target", target=layer_id, layers=", ".join(coverage_layers()))
    cur.execute(_CITY)
    row = cur.fetchone()
    metric_srid, outline = (row[0], shapely.from_wkb(bytes(row[1]))) if row else (None, None)
    village_codes, village_parents, villages = _divisions(cur, "village")
    if layer_id != DIVISIONS:
        cur.execute(_grids_statement(layer_id))
        rows = cur.fetchall()
        ids, parent_of, geometries = _columns(rows)
        people = np.array([row[4] for row in rows], dtype=np.float64)
        grids = Coverage(ids, geometries, parent_of, villages, village_codes, outline, metric_srid)
        grids = replace(grids, population=people, limits=limits or ordinary())
        return grids.by_kind([row[3] for row in rows])
    township_codes, _, townships = _divisions(cur, "township")
    return [
        Coverage(village_codes, villages, village_parents, townships, township_codes, outline, metric_srid),
        Coverage(township_codes, townships, [None] * len(township_codes), outline=outline, metric_srid=metric_srid),
    ]


def _divisions(cur: Cursor, level: str) -> tuple[list[str], list[str | None], NDArray[np.object_]]:
    cur.execute(_DIVISIONS, (level,))
    return _columns(cur.fetchall())


def _grids_statement(layer_id: str) -> sql.Composed:
    layer = CATALOGUE[layer_id]
    today: sql.Composable = sql.SQL("")
    if layer.current_only:
        today = sql.SQL("where {} is null").format(sql.Identifier(layer.time[1]))
    return sql.SQL(_GRIDS).format(
        id=sql.Identifier(layer.id_field), table=sql.Identifier("wangge", layer.table), today=today
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[str], list[str | None], NDArray[np.object_]]:
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [None if row[2] is None else bytes(row[2]) for row in rows]
    return [str(row[0]) for row in rows], [row[1] for row in rows], shapely.from_wkb(shapes)
