"""A period cut into steps of time of one kind: days, weeks, months, quarters or years, each whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal, get_args

from geo.errors import InvalidInput

Step = Literal["day", "week", "month", "quarter", "year"]
STEPS: Final = get_args(Step)
MOST_STEPS: Final = 400
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}


def steps_within(first: date, last: date, step: Step) -> list[date]:
    """Whole steps of a period.

    Parameters
    ----------
    first, last : date
        The period, both included.
    step : str
        Months, quarters and years are those of the calendar; weeks are seven days, counted back from the last day so
        that the latest one is whole.

    Returns
    -------
    list of date
        First day of each step, and at the end the day after the last: n + 1 days for n steps.

    Raises
    ------
    InvalidInput
        When no whole step lies in the period, or more than `MOST_STEPS`.

    >>> [str(day) for day in steps_within(date(2025, 1, 15), date(2025, 4, 2), "month")]
    ['2025-02-01', '2025-03-01', '2025-04-01']
    """
    if step in _MONTHS:
        # counted in months since year 0; a step begins where their number is a multiple of its length
        length = _MONTHS[step]
        begin = -(-_month(first, after=first.day > 1) // length)
        end = _month(last + timedelta(days=1)) // length
        found = [_first_day(number * length) for number in range(begin, max(end, begin) + 1)]
    else:
        length = _DAYS[step]
        count = max(((last - first).days + 1) // length, 0)
        stop = last + timedelta(days=1)
        found = [stop - timedelta(days=length * back) for back in range(count, -1, -1)]
    if not 2 <= len(found) <= MOST_STEPS + 1:
        raise InvalidInput("hotspots.period", first=first, last=last, step=step, steps=len(found) - 1, most=MOST_STEPS)
    return found


def steps_up_to(last: date, step: Step, count: int) -> list[date]:
    """The latest ``count`` whole steps that ended by a day, that day included; as `steps_within`.

    >>> [str(day) for day in steps_up_to(date(2025, 4, 2), "month", 2)]
    ['2025-02-01', '2025-03-01', '2025-04-01']
    """
    if step in _MONTHS:
        length = _MONTHS[step]
        end = _month(last + timedelta(days=1)) // length
        return [_first_day(number * length) for number in range(end - count, end + 1)]
    return steps_within(last + timedelta(days=1 - _DAYS[step] * count), last, step)


def period_before(first: date, last: date) -> tuple[date, date]:
    """The period just before: as many months where the given one is whole months, else as many days.

    >>> [str(day) for day in period_before(date(2025, 3, 1), date(2025, 3, 31))]
    ['2025-02-01', '2025-02-28']
    >>> [str(day) for day in period_before(date(2025, 3, 3), date(2025, 3, 9))]
    ['2025-02-24', '2025-03-02']
    """
    after = last + timedelta(days=1)
    if first.day == 1 and after.day == 1:
        months = _month(after) - _month(first)
        return _first_day(_month(first) - months), first - timedelta(days=1)
    return first - (after - first), first - timedelta(days=1)


def year_before(first: date, last: date) -> tuple[date, date]:
    """The same period of the year before; the 29th of February becomes the 28th, and a month's end stays one.

    >>> [str(day) for day in year_before(date(2025, 2, 1), date(2025, 2, 28))]
    ['2024-02-01', '2024-02-29']
    """
    after = last + timedelta(days=1)
    if first.day == 1 and after.day == 1:
        return _first_day(_month(first) - 12), _first_day(_month(after) - 12) - timedelta(days=1)
    return _same_day(first), _same_day(last)


def _month(day: date, *, after: bool = False) -> int:
    return day.year * 12 + day.month - 1 + after


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _same_day(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
