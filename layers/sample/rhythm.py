"""When cases of the sample city are reported, and how long each step takes. Times are seconds since 1970, UTC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_DAY, LAST_DAY = np.datetime64("2024-01-01"), np.datetime64("2025-12-31")
DAYS = np.arange(FIRST_DAY, LAST_DAY + np.timedelta64(1, "D"))
#: China is 8 hours ahead of UTC all year.
_SHANGHAI_S = 8 * 3600
_DAY_S = 86_400
#: Midnight after the last day: what would happen later hasn't happened.
END = int(LAST_DAY.astype("datetime64[s]").astype(np.int64)) + _DAY_S - _SHANGHAI_S

#: Steps after the report: 立案, 派遣, 处置, 核查, 结案.
STEPS = ("filed_at", "dispatched_at", "handled_at", "checked_at", "closed_at")
STATES = ("上报", "立案", "派遣", "处置", "核查", "结案")
VOID = "作废"
_MEDIAN_S = (1500.0, 2400.0, 64_000.0, 14_000.0, 5400.0)
_SPREAD = (0.9, 0.8, 1.1, 0.8, 0.9)

_WEEK = np.array([1.08, 1.06, 1.04, 1.03, 1.0, 0.78, 0.68])
_HOURS = np.array(
    [3, 2, 1, 1, 1, 3, 10, 30, 70, 95, 88, 60, 32, 48, 78, 86, 72, 50, 34, 30, 26, 18, 10, 6], dtype=np.float64
)
_EVENING = np.array(
    [14, 8, 4, 2, 1, 1, 2, 4, 6, 8, 8, 10, 10, 8, 8, 10, 16, 30, 60, 90, 100, 85, 55, 28], dtype=np.float64
)
_OFFICE = np.array([0, 0, 0, 0, 0, 0, 0, 0, 4, 10, 10, 6, 0, 3, 9, 10, 8, 3, 0, 0, 0, 0, 0, 0], dtype=np.float64)
HOURS = {"day": _HOURS, "evening": _EVENING, "office": _OFFICE}
_HOLIDAYS = (("2024-02-09", 9, 0.35), ("2025-01-28", 8, 0.35), ("2024-10-01", 7, 0.6), ("2025-10-01", 8, 0.6))


def ordinary_days() -> Floats:
    """Weight of each day of the two years: week, season, holidays and a slow rise."""
    weekday = (DAYS.astype(np.int64) + 3) % 7
    position = np.arange(len(DAYS))
    summer = 1 + 0.14 * np.cos(2 * np.pi * (position - 190) / 365.25)
    weights = _WEEK[weekday] * summer * (1 + 0.22 * position / len(DAYS))
    for first, length, factor in _HOLIDAYS:
        at = int((np.datetime64(first) - FIRST_DAY).astype(np.int64))
        weights[at : at + length] *= factor
    return np.asarray(weights)


def season(first: str, last: str) -> NDArray[np.bool_]:
    """Days of both years between two days of the year, as ``mm-dd``, both included."""
    month_day = np.array([str(day)[5:] for day in DAYS])
    return np.asarray((month_day >= first) & (month_day <= last))


def report_times(days: Ints, hours: str, rng: np.random.Generator) -> Ints:
    """A moment on each day (index into `DAYS`); ``hours`` is 'day', 'evening' or 'office'."""
    chance = HOURS[hours] / HOURS[hours].sum()
    hour = rng.choice(24, len(days), p=chance)
    second = rng.integers(0, 3600, len(days))
    midnight = DAYS.astype("datetime64[s]").astype(np.int64)[days] - _SHANGHAI_S
    return np.asarray(midnight + hour * 3600 + second)


def life(reported: Ints, urgency: Floats, rng: np.random.Generator) -> tuple[Ints, list[str]]:
    """What happened to cases after the report, up to the end of the two years.

    Parameters
    ----------
    reported : ndarray, shape (N,)
        Seconds, UTC.
    urgency : ndarray, shape (N,)
        Factor on the time of handling: below 1 is faster.
    rng : numpy Generator

    Returns
    -------
    times : ndarray, shape (N, 5)
        Seconds of the steps, growing; -1 where a step has not happened. A void case (作废) is closed without being
        dispatched.
    states : list of str, length N
        The last step, or 作废.
    """
    count = len(reported)
    waits = np.column_stack([
        median * np.exp(spread * rng.normal(size=count)) for median, spread in zip(_MEDIAN_S, _SPREAD, strict=True)
    ])
    waits[:, 2] *= urgency
    # A failed check goes back to handling: the one row shows it as a longer handling.
    waits[:, 2] *= np.where(rng.uniform(size=count) < 0.05, 3.0, 1.0)
    # Some cases hang for months, as everywhere.
    waits[:, 2] *= np.where(rng.uniform(size=count) < 0.006, 60.0, 1.0)
    times = reported[:, None] + np.cumsum(np.maximum(waits, 30.0), axis=1).astype(np.int64)
    void = rng.uniform(size=count) < 0.028
    times[void, 4] = times[void, 0] + 600
    times[np.ix_(void, [1, 2, 3])] = END + 1
    times[times >= END] = -1
    void &= times[:, 4] >= 0
    reached = (times[:, :4] >= 0).sum(axis=1) + (times[:, 4] >= 0)
    states = [VOID if gone else STATES[step] for gone, step in zip(void.tolist(), reached.tolist(), strict=True)]
    return times, states
