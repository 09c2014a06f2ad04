"""The grids that a change set edits and the ground around them, read from the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.measuring import Plane, plane_of
from layers.changes.sent_feature import WRITTEN
from layers.checking.coverages import SCATTERED_KIND
from layers.database.database import execute

COLUMNS: Final = tuple(field.name for field in WRITTEN)
"""What people write of a grid, geometry aside, in the order of the catalogue."""

_REACH_DEG: Final = 0.0001
"""Neighbours are looked for within some ten metres: further than any tolerance."""

_EDITED: Final = f"""
    select edited.id, edited.op, edited.base_fid, {", ".join(f"edited.{name}" for name in COLUMNS)},
        st_asbinary(edited.geom), base.code, {", ".join(f"base.{name}" for name in COLUMNS)}, st_asbinary(base.geom)
    from wangge.edited_grids as edited left join wangge.grids as base on base.fid = edited.base_fid
    where edited.change_set = %s and (%s or edited.id = any(%s)) order by edited.id
"""  # noqa: S608 - the catalogue's names

# The boxes are those of the ground that the grids had and of what they are to have.
# A box a condition, so that each is looked up in the index below the view: joined to a list, the whole city is read.
_NEAR: Final = """
    select id, fid, kind, village_code, st_asbinary(geom) from wangge.grid_edits
    where ({boxes}) and not (id = any(%s)) order by id
"""
_FEW: Final = 4
_BOX: Final = "geom && st_makeenvelope(%s, %s, %s, %s, 4490)"
# the city, and of its villages those of today with those that the set puts in their place
_CITY: Final = """
    with wanted (change_set, codes) as (values (%s::integer, %s::text[])),
    villages as (
        select code, geom from wanted join wangge.todays_divisions as today
            on level = 'village' and code = any(codes)
        where not exists (
            select from wangge.edited_divisions as edited
            where edited.change_set = wanted.change_set and edited.code = today.code)
        union all
        select code, geom from wanted join wangge.edited_divisions as edited
            on edited.change_set = wanted.change_set and level = 'village' and op = 'put' and code = any(codes))
    select metric_srid, scheme, st_asbinary(outline), array(select code from villages order by code),
        array(select st_asbinary(geom) from villages order by code)
    from wanted left join wangge.city on true
"""


@dataclass(frozen=True, eq=False)
class Edit:
    """One grid of a set.

    Attributes
    ----------
    id, op : str
        In the working copy, and what is done.
    values : dict of str to object
        `COLUMNS` as they are to be.
    geometry : shapely MultiPolygon
        As it is to be, EPSG:4490; of a grid that is deleted, as it was.
    base_fid, base_code, base_values, base_geometry
        The published row that it was taken from; None and empty for a new grid.
    """

    id: str
    op: str
    values: dict[str, Any]
    geometry: BaseGeometry
    base_fid: int | None
    base_code: str | None
    base_values: dict[str, Any]
    base_geometry: BaseGeometry | None

    @property
    def stays(self) -> bool:
        """Whether there is a grid afterwards."""
        return self.op != "delete"

    @property
    def idle(self) -> bool:
        """Whether the edit changes nothing."""
        return self.op == "update" and self.values == self.base_values and self.geometry == self.base_geometry


@dataclass(frozen=True, eq=False)
class Ground:
    """Edited grids with all that they are checked against.

    Attributes
    ----------
    edits : list of Edit
    near_ids, near_kinds, near_villages : list of str, length m
        Grids of the working copy around them.
    near_fids : list of int, length m
    near : (m,) ndarray of shapely geometries
        EPSG:4490, longitude first.
    village_codes : list of str, length v
        Villages that the edited grids name, those that there are.
    flat_villages : (v,) ndarray of shapely geometries
        In the plane.
    outline, flat_outline : shapely geometry or None
        The city, and in the plane.
    plane : Plane
        Where metres are measured.
    metric_srid : int or None
    scheme : str or None
        Coding scheme of the city.
    """

    edits: list[Edit]
    near_ids: list[str]
    near_fids: list[int]
    near_kinds: list[str]
    near_villages: list[str | None]
    near: NDArray[np.object_]
    village_codes: list[str]
    flat_villages: NDArray[np.object_]
    outline: BaseGeometry | None
    flat_outline: BaseGeometry | None
    plane: Plane
    metric_srid: int | None
    scheme: str | None


def read_ground(cur: Cursor, change_set: int, ids: Collection[str] | None = None) -> Ground:
    """Edits of a set, all or some, with the grids of the working copy around them.

    Parameters
    ----------
    cur : cursor
        Whose identity names the set, so that the working copy is that of the set.
    change_set : int
    ids : collection of str, optional
        The edits that are meant; all when None. Idle ones are left out.
    """
    execute(cur, _EDITED, (change_set, ids is None, list(ids or ())))
    edits = [edit for edit in map(_edit, cur.fetchall()) if not edit.idle]
    shapes = [edit.geometry for edit in edits if edit.stays]
    shapes += [edit.base_geometry for edit in edits if edit.base_geometry is not None]
    boxes = shapely.bounds(_array(shapes)).reshape(-1, 4)
    if len(boxes):
        # a box of the metric plane is turned against one in degrees, the more the larger it is
        reach = _REACH_DEG + 0.02 * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
        boxes = boxes + np.array([-1, -1, 1, 1]) * reach
    near = _near(cur, boxes, [edit.id for edit in edits])
    named = {str(edit.values["village_code"]) for edit in edits}
    execute(cur, _CITY, (change_set, sorted(named)))
    ((metric_srid, scheme, outline, codes, villages),) = cur.fetchall()
    plane = Plane(f"EPSG:{metric_srid}") if metric_srid else plane_of(_box(boxes))
    return Ground(
        edits,
        [row[0] for row in near],
        [row[1] for row in near],
        [row[2] for row in near],
        [row[3] for row in near],
        _from_wkb([row[4] for row in near]),
        codes,
        _array([_own(_flat(plane, bytes(shape))) for shape in villages]),
        None if outline is None else _own(_read(bytes(outline))),
        None if outline is None else _own(_flat(plane, bytes(outline))),
        plane,
        metric_srid,
        scheme,
    )


def more_near(
    cur: Cursor, ground: Ground, boxes: NDArray[np.float64], scattered: bool
) -> list[tuple[str, BaseGeometry]]:
    """Ids and shapes of further grids of the working copy, those of one sort, that meet some boxes in degrees."""
    return [
        (row[0], shapely.from_wkb(bytes(row[4])))
        for row in _near(cur, boxes, [edit.id for edit in ground.edits])
        if (row[2] == SCATTERED_KIND) == scattered
    ]


def _near(cur: Cursor, boxes: NDArray[np.float64], without: list[str]) -> list[tuple[Any, ...]]:
    """Rows of the working copy that meet one of (n, 4) boxes in degrees, without those of some ids."""
    if not len(boxes):
        return []
    statement = _NEAR.format(boxes=" or ".join([_BOX] * len(boxes)))
    values = (*boxes.ravel().tolist(), without)
    # for one edit, which most are, the statement is always the same
    if len(boxes) <= _FEW:
        execute(cur, statement, values)
    else:
        cur.execute(statement, values)
    return cur.fetchall()


def _edit(row: Sequence[Any]) -> Edit:
    id_, op, base_fid, *rest = row
    count = len(COLUMNS)
    own, (shape, base_code), base = rest[:count], rest[count : count + 2], rest[count + 2 :]
    return Edit(
        id_, op, dict(zip(COLUMNS, own, strict=True)), shapely.from_wkb(bytes(shape)), base_fid, base_code,
        dict(zip(COLUMNS, base, strict=False)) if base_code else {},
        None if base[-1] is None else shapely.from_wkb(bytes(base[-1])),
    )  # fmt: skip


def _own(kept: BaseGeometry) -> BaseGeometry:
    """A copy of what is kept: a check prepares it, and what is prepared must not be used by two threads at once."""
    copy: BaseGeometry = shapely.force_2d(kept)
    return copy


@lru_cache(maxsize=4)
def _read(wkb: bytes) -> BaseGeometry:
    return shapely.from_wkb(wkb)


@lru_cache(maxsize=256)
def _flat(plane: Plane, wkb: bytes) -> BaseGeometry:
    """The city, or a village, in the plane: it is the same for one edit after the other."""
    flat: BaseGeometry = plane.flat(_array([shapely.from_wkb(wkb)]))[0]
    return flat


def _array(shapes: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def _from_wkb(shapes: Sequence[Any]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = shapely.from_wkb(_array([bytes(shape) for shape in shapes]))
    return found


def _box(boxes: NDArray[np.float64]) -> tuple[float, float, float, float]:
    if not len(boxes):
        return (119.9, 31.9, 120.4, 32.4)
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)
