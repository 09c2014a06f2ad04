"""Units with their indicators, points and ranks for a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.situation.assessment import points, ranks
from geo.situation.indicators import Periods, indicators
from layers.jobs.progress import report
from layers.situation.case_columns import read_cases
from layers.situation.case_filter import MIDNIGHT, CaseFilter
from layers.situation.rules import Rules
from layers.situation.units import Level, Units, read_units

Columns = dict[str, NDArray[np.float64]]
_DECIMALS = {
    "change": 4, "trend_p": 6, "per_1000_people": 3, "per_km2": 3, "closed_share": 4, "closing_median_h": 2,
    "closing_p90_h": 2, "in_time_share": 4, "found_share": 4,
}  # fmt: skip
_WHOLE = ("count", "void_count", "count_before", "late_count")
_TRENDS = {1: "up", 0: "steady", -1: "down"}


@dataclass(frozen=True, eq=False)
class Assessed:
    """Units of one level with what was found of them.

    Attributes
    ----------
    units : Units
    measured : dict of str to (n,) ndarray of float
        As `geo.situation.indicators.indicators`.
    points : (n,) ndarray of float
        NaN for a unit of which nothing can be told.
    parts : dict of str to (n,) ndarray of float
        Points of each component.
    rank, rank_in_township : (n,) ndarray of int
        Among all of the level, and of grids and villages among those of the township; 0 for none.
    elsewhere : int
        Cases of the period that lie in no unit.
    """

    units: Units
    measured: Columns
    points: NDArray[np.float64]
    parts: Columns
    rank: NDArray[np.int64]
    rank_in_township: NDArray[np.int64]
    elsewhere: int


def assess(
    cur: Cursor,
    levels: Sequence[Level],
    period: tuple[date, date],
    before: tuple[date, date],
    cases: CaseFilter,
    rules: Rules,
    as_of: datetime | None = None,
) -> dict[Level, Assessed]:
    """Indicators, points and ranks of the units of some levels.

    Parameters
    ----------
    cur : cursor
    levels : sequence of str
    period, before : (date, date)
        First and last day of the period, and of the one that it is compared with.
    cases : CaseFilter
    rules : Rules
    as_of : datetime, optional
        Moment from which open cases are judged; now by the clock of the database.
    """
    report(0, len(levels) + 2, "progress.situation.reading")
    units = read_units(cur)
    ends = [(first, last + timedelta(days=1)) for first, last in (period, before)]
    columns = read_cases(cur, units, ends, cases, rules)
    if as_of is None:
        cur.execute("select now()")
        ((as_of,),) = cur.fetchall()
    (start, end), (before_start, before_end) = ((_moment(first), _moment(after)) for first, after in ends)
    periods = Periods(start, end, before_start, before_end, int(as_of.timestamp()))
    out: dict[Level, Assessed] = {}
    for done, level in enumerate(levels, 1):
        report(done, len(levels) + 2, "progress.situation.measuring")
        own, place = units[level], columns.place[level]
        measured = indicators(columns.timed, place, len(own), periods, own.population, own.area_m2)
        total, parts = points(measured, rules.base, rules.components)
        townships = np.unique([own.township_of(i) or "" for i in range(len(own))], return_inverse=True)[1]
        rivals = total if level in ("grid", "village") else np.full(len(own), np.nan)
        within = (columns.timed.reported >= start) & (columns.timed.reported < end)
        out[level] = Assessed(
            own,
            measured,
            total,
            parts,
            ranks(total, np.zeros(len(own), dtype=np.int64)),
            ranks(rivals, townships),
            int((within & (place < 0)).sum()),
        )
    return out


def unit_rows(found: Assessed) -> list[dict[str, Any]]:
    """Properties of each unit; what can't be told is None."""
    columns: dict[str, list[Any]] = {
        "level": [found.units.level] * len(found.units),
        "code": found.units.codes,
        "name": found.units.names,
        "township_code": [found.units.township_of(i) for i in range(len(found.units))],
        "population": _told(found.units.population, 0),
        "area_m2": _told(found.units.area_m2, 1),
    }
    for name, values in found.measured.items():
        if name == "trend":
            columns[name] = [_TRENDS[int(way)] for way in values.tolist()]
        else:
            columns[name] = _told(values, 0 if name in _WHOLE else _DECIMALS[name])
    columns["points"] = _told(found.points, 2)
    columns["rank"] = [place or None for place in found.rank.tolist()]
    columns["rank_in_township"] = [place or None for place in found.rank_in_township.tolist()]
    parts = {name: _told(values, 2) for name, values in found.parts.items()}
    columns["parts"] = [{name: told[i] for name, told in parts.items()} for i in range(len(found.units))]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _told(values: NDArray[np.float64], decimals: int) -> list[Any]:
    """Numbers for JSON: rounded, whole where they are, None for what is not known."""
    told = np.round(values, decimals).tolist()
    return [None if value != value else int(value) if decimals == 0 else value for value in told]


def _moment(day: date) -> int:
    return int(datetime.fromisoformat(f"{day}{MIDNIGHT}").timestamp())
