"""Cases of a period as columns: when they came and were closed, of what type they are, and whose they are today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.locate import GridIndex
from geo.situation.indicators import Timed
from layers.database.columns import read_columns
from layers.database.sqltext import Sql, all_of
from layers.situation.case_filter import CaseFilter, reported_within
from layers.situation.rules import Rules
from layers.situation.type_numbers import TYPE_NUMBER
from layers.situation.units import Level, Units, owners

VOID = "作废"
"""State of a case that turned out to be none."""

_SECONDS = {"reported": "bigint", "closed": "bigint", "type": "integer", "flags": "smallint"}
_VOID_BIT, _FOUND_BIT = 1, 2


@dataclass(frozen=True, eq=False)
class CaseColumns:
    """n cases.

    Attributes
    ----------
    timed : Timed
        With the deadlines of the rules.
    types : (n,) ndarray of int64
        As `layers.situation.type_numbers`.
    place : dict of str to (n,) ndarray of int
        By level the unit that each case belongs to today; -1 for none.
    """

    timed: Timed
    types: NDArray[np.int64]
    place: dict[Level, NDArray[np.intp]]


def read_cases(
    cur: Cursor, units: dict[Level, Units], periods: Sequence[tuple[date, date]], cases: CaseFilter, rules: Rules
) -> CaseColumns:
    """Cases reported in some periods, as the asker may see them.

    Parameters
    ----------
    cur : cursor
    units : dict of str to Units
        Of all levels.
    periods : sequence of (date, date)
        First day of each, and the day after its last.
    cases : CaseFilter
    rules : Rules

    Notes
    -----
    A case belongs to the grid whose code it keeps, and with it to a village and a township. Where that grid is no more
    it belongs to the one that lies there today; where none does, to the village and township that it names.
    """
    grids = units["grid"]
    condition = _within(periods)
    columns = (
        Sql("select extract(epoch from reported_at), coalesce(extract(epoch from closed_at), -1),")
        + TYPE_NUMBER
        + Sql(
            f", (state = %s::text)::integer * {_VOID_BIT} + (channel = any (%s::text[]))::integer * {_FOUND_BIT}",
            (VOID, list(rules.found.channels)),
        )
    )
    known = Sql(
        "join unnest(%s::text[]) with ordinality as known (code, place) on known.code = cases.grid_code",
        (grids.codes,),
    )
    where = [condition, *cases.conditions]
    settled = read_columns(
        cur,
        columns + Sql(", place - 1 from wangge.cases") + known + all_of(where),
        _SECONDS | {"place": "integer"},
    )
    # codes of 12 digits and of 9 are whole numbers
    others = read_columns(
        cur,
        columns
        + Sql(
            ", coalesce(village_code::bigint, -1), township_code::bigint, st_x(cases.geom), st_y(cases.geom)"
            " from wangge.cases left"
        )
        + known
        + all_of([*where, Sql("known.place is null")]),
        _SECONDS | {"village": "bigint", "township": "bigint", "lon": "double precision", "lat": "double precision"},
    )
    at = np.full(len(others["lon"]), -1, dtype=np.intp)
    if len(at):
        at = GridIndex(grids.geometries, grids.codes).locate(others["lon"], others["lat"]).astype(np.intp)
    grid = np.concatenate((settled["place"].astype(np.intp), at))
    place: dict[Level, NDArray[np.intp]] = {"grid": grid}
    for level, own in (("village", "village"), ("township", "township"), ("county", "township")):
        above = np.append(owners(units[level], grids.villages), -1)  # type: ignore[index]
        stated, back = np.unique(others[own], return_inverse=True)
        named = owners(units[level], [str(code) for code in stated.tolist()])[back] if len(stated) else at  # type: ignore[index]
        found = above[grid]
        found[len(settled["place"]) :] = np.where(at >= 0, found[len(settled["place"]) :], named)
        place[level] = found  # type: ignore[index]
    every = {name: np.concatenate((settled[name], others[name])) for name in _SECONDS}
    types = every["type"].astype(np.int64)
    flags = every["flags"]
    timed = Timed(
        every["reported"].astype(np.int64),
        every["closed"].astype(np.int64),
        rules.deadlines_s(types),
        (flags & _VOID_BIT) > 0,
        (flags & _FOUND_BIT) > 0,
    )
    return CaseColumns(timed, types, place)


def _within(periods: Sequence[tuple[date, date]]) -> Sql:
    parts = []
    for first, after in periods:
        begin, end = reported_within(first, after)
        parts.append(Sql(f"({begin.text} and {end.text})", begin.values + end.values))
    return Sql(" or ".join(part.text for part in parts), tuple(value for part in parts for value in part.values))
