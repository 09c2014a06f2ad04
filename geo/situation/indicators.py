"""What is told of a grid, a village or a township for a period: how much happened, and how soon it was dealt with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.situation.comparison import change, change_p, trend
from geo.situation.quantiles import grouped_quantiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAY_S = 86_400
_HOUR_S = 3600.0
_QUANTILES = (0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Timed:
    """Cases as far as indicators need them.

    Attributes
    ----------
    reported : (n,) ndarray of int
        Seconds since 1970, UTC.
    closed : (n,) ndarray of int
        The same; -1 for a case that is not closed.
    deadline : (n,) ndarray of int
        Seconds from the report within which it should be closed.
    void : (n,) ndarray of bool
        Declared void: told apart, and part of no other indicator.
    found : (n,) ndarray of bool
        Found by the grid's own staff, not by those who live there.
    """

    reported: Ints
    closed: Ints
    deadline: Ints
    void: NDArray[np.bool_]
    found: NDArray[np.bool_]


@dataclass(frozen=True)
class Periods:
    """The period, the one it is compared with and the moment from which both are seen, in seconds since 1970.

    Attributes
    ----------
    start, end : int
        The period, its end not included.
    before_start, before_end : int
        The one it is compared with.
    as_of : int
        What was closed later counts as open.
    """

    start: int
    end: int
    before_start: int
    before_end: int
    as_of: int


def indicators(
    cases: Timed, owner: NDArray[np.intp], units: int, periods: Periods, population: Floats, area_m2: Floats
) -> dict[str, Floats]:
    """Indicators of the units of one level.

    Parameters
    ----------
    cases : Timed
        Of both periods, in any order; others are left out.
    owner : (n,) array of int
        Unit of each case from 0; -1 for one of none.
    units : int
        How many there are.
    periods : Periods
    population : (units,) array of float
        NaN where it is not known.
    area_m2 : (units,) array of float

    Returns
    -------
    dict of str to (units,) array of float
        ``count``; ``void_count``; ``count_before``; ``change`` (0.25 is a quarter more); ``trend`` (1, 0, -1) with
        ``trend_p``; ``per_1000_people``, ``per_km2`` (of the whole period); ``closed_share``; ``closing_median_h`` and
        ``closing_p90_h`` of the closed ones; ``late_count``; ``in_time_share``, of those closed or past their deadline;
        ``found_share``. NaN where there is nothing to tell it from.
    """
    placed = owner >= 0
    real = placed & ~cases.void
    within = (cases.reported >= periods.start) & (cases.reported < periods.end)
    earlier = (cases.reported >= periods.before_start) & (cases.reported < periods.before_end)

    def number(chosen: NDArray[np.bool_]) -> Floats:
        return np.bincount(owner[chosen], minlength=units).astype(float)

    now, before = real & within, real & earlier
    count, count_before = number(now), number(before)
    closed = now & (cases.closed >= 0) & (cases.closed <= periods.as_of)
    took = np.where(closed, cases.closed, periods.as_of) - cases.reported
    late = now & (took > cases.deadline)
    in_time = closed & ~late
    quantiles, _ = grouped_quantiles(np.maximum(took[closed], 0), owner[closed], units, _QUANTILES)
    days, days_before = (
        (end - start) / DAY_S
        for start, end in ((periods.start, periods.end), (periods.before_start, periods.before_end))
    )
    due = number(late) + number(in_time)
    return {
        "count": count,
        "void_count": number(placed & within & cases.void),
        "count_before": count_before,
        "change": change(count, count_before, days, days_before),
        "trend": trend(count, count_before, days, days_before).astype(float),
        "trend_p": change_p(count, count_before, days, days_before),
        "per_1000_people": _share(1000 * count, population),
        "per_km2": _share(1e6 * count, area_m2),
        "closed_share": _share(number(closed), count),
        "closing_median_h": quantiles[:, 0] / _HOUR_S,
        "closing_p90_h": quantiles[:, 1] / _HOUR_S,
        "late_count": number(late),
        "in_time_share": _share(number(in_time), due),
        "found_share": _share(number(now & cases.found), count),
    }


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
