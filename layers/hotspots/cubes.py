"""Counts of cases in places and steps of time: sums that the database makes, and arrays of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.locate import GridIndex
from layers.database.columns import read_columns
from layers.database.sqltext import Sql, all_of
from layers.hotspots.places import Places
from layers.situation.case_filter import CaseFilter, midnights, reported_within

Cube = NDArray[np.float64]


def last_day(cur: Cursor) -> date | None:
    """Day of the latest case that the asker sees; None when there is none."""
    cur.execute("select max(day) from wangge.case_counts")
    row = cur.fetchone()
    return row[0] if row else None


def grid_cube(cur: Cursor, places: Places, bounds: Sequence[date], cases: CaseFilter) -> tuple[Cube, int]:
    """Cases in each grid and step, and how many lie in no grid of today.

    Parameters
    ----------
    cur : cursor
    places : Places
        Grids of today.
    bounds : sequence of date
        First day of each of t steps, and the day after the last.
    cases : CaseFilter

    Returns
    -------
    cube : (n, t) array of float
    elsewhere : int

    Notes
    -----
    A case keeps the code of the grid in which it happened. Where that grid is no more, the case counts for the grid
    that lies there today.
    """
    where = [*reported_within(bounds[0], bounds[-1]), *cases.conditions]
    step = Sql("width_bucket(reported_at, %s::timestamptz[]) - 1", (midnights(bounds),))
    known = Sql(
        "left join unnest(%s::text[]) with ordinality as known (code, place) on known.code = cases.grid_code",
        (places.codes,),
    )
    counted = read_columns(
        cur,
        Sql("select coalesce(place - 1, -1),")
        + step
        + Sql(", count(*) from wangge.cases")
        + known
        + all_of(where)
        + Sql("group by 1, 2"),
        {"place": "integer", "step": "integer", "count": "bigint"},
    )
    cube = np.zeros((len(places), len(bounds) - 1))
    inside = counted["place"] >= 0
    cube[counted["place"][inside], counted["step"][inside]] = counted["count"][inside]
    if inside.all():
        return cube, 0
    moved = read_columns(
        cur,
        Sql("select st_x(cases.geom), st_y(cases.geom),")
        + step
        + Sql("from wangge.cases")
        + known
        + all_of([*where, Sql("known.place is null")]),
        {"lon": "double precision", "lat": "double precision", "step": "integer"},
    )
    at = GridIndex(places.geometries, places.codes).locate(moved["lon"], moved["lat"])
    found = at >= 0
    np.add.at(cube, (at[found], moved["step"][found]), 1.0)
    return cube, int((~found).sum())


def cell_counts(
    cur: Cursor, resolution: int, bounds: Sequence[date], cases: CaseFilter
) -> tuple[NDArray[np.int64], Cube]:
    """Cells that have cases, each once, and the cases in each of them and step; as `grid_cube`.

    Counts roll up by the parent of the cell that a case was counted in, as on every other map.
    """
    counted = read_columns(
        cur,
        Sql("select wangge.h3_parent(cell, %s::integer), width_bucket(day, %s::date[]) - 1, sum(count)",
            (resolution, list(bounds)))
        + Sql("from wangge.case_counts")
        + all_of([Sql("day >= %s::date and day < %s::date", (bounds[0], bounds[-1])), *cases.conditions])
        + Sql("group by 1, 2"),
        {"cell": "bigint", "step": "integer", "count": "bigint"},
    )  # fmt: skip
    cells, place = np.unique(counted["cell"], return_inverse=True)
    cube = np.zeros((len(cells), len(bounds) - 1))
    cube[place, counted["step"]] = counted["count"]
    return cells, cube
