"""Moments and periods as clients write them: RFC 3339, days, months, years, and intervals with open ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from geo.errors import InvalidInput

CITY_ZONE = timezone(timedelta(hours=8))
"""China keeps one time zone; a day without an offset is a day there."""

_TICK = timedelta(microseconds=1)
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})?\Z", re.ASCII)
_LAST = datetime.max.replace(tzinfo=CITY_ZONE)
"""The last moment that Python and RFC 3339 can write: 9999-12-31 stands for "for ever" in many a register."""
_OPEN_START = ("", "..", "0000-01-01T00:00:00Z")
"""What stands for no start: QGIS writes the first moment of RFC 3339, which Python has no number for."""


@dataclass(frozen=True)
class Period:
    """A stretch of time with both ends in it.

    Attributes
    ----------
    start, end : datetime or None
        Aware moments; None where the end is open. A day ends a microsecond before the next one.
    """

    start: datetime | None
    end: datetime | None


def parse_moment(text: str, parameter: str) -> Period:
    """The period that one written moment covers: a moment itself, or a whole day, month or year.

    Raises
    ------
    InvalidInput
        When it is none of these, or no such day exists.
    """
    try:
        if found := _DATE.match(text):
            year, month, day = (int(part or 0) for part in found.groups())
            first = datetime(year, month if found[2] else 1, day if found[3] else 1, tzinfo=CITY_ZONE)
            if found[3]:
                return Period(first, first + (timedelta(days=1) - _TICK))
            if year == _LAST.year and month in (0, 12):
                return Period(first, _LAST)
            after = (year + month // 12, month % 12 + 1) if found[2] else (year + 1, 1)
            return Period(first, first.replace(year=after[0], month=after[1]) - _TICK)
        if _MOMENT.match(text):
            moment = datetime.fromisoformat(text.upper().replace(" ", "T").replace(",", "."))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=CITY_ZONE)
            moment.astimezone(CITY_ZONE)
            return Period(moment, moment)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput("query.datetime", parameter=parameter, value=text)


def parse_period(text: str, parameter: str = "datetime") -> Period:
    """A moment or an interval ``from/until``; an open end is ``..`` or empty.

    Raises
    ------
    InvalidInput
        When an end can't be read, both are missing from the text, or they stand the wrong way round.

    Examples
    --------
    >>> parse_period("2024-02").end.isoformat()
    '2024-02-29T23:59:59.999999+08:00'
    >>> parse_period("2024-01-01/..").end is None
    True
    >>> parse_period("0000-01-01T00:00:00Z/2024-01-01").start is None
    True
    """
    if "/" not in text:
        return parse_moment(text, parameter)
    first, _, last = text.partition("/")
    if not first and not last:
        raise InvalidInput("query.datetime", parameter=parameter, value=text)
    start = None if first in _OPEN_START else parse_moment(first, parameter).start
    end = None if last in ("", "..") else parse_moment(last, parameter).end
    if start is not None and end is not None and start > end:
        raise InvalidInput("query.datetime-order", parameter=parameter, value=text)
    return Period(start, end)


def day_in_city(moment: datetime) -> date:
    """The city's calendar day at a moment."""
    return moment.astimezone(CITY_ZONE).date()


def day_start(moment: datetime) -> datetime:
    """The moment with which the city's day of a moment begins."""
    return moment.astimezone(CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def moment_text(text: str | None) -> str | None:
    """A day or PostgreSQL's moment as RFC 3339.

    Examples
    --------
    >>> moment_text("2024-05-01"), moment_text("2024-05-01 08:30:00+08")
    ('2024-05-01T00:00:00+08:00', '2024-05-01T08:30:00+08:00')
    """
    if text is None:
        return None
    if len(text) == 10:
        return f"{text}T00:00:00+08:00"
    day, _, clock = text.partition(" ")
    return f"{day}T{clock}" + (":00" if clock[-3:-2] in "+-" else "")


def month_start(day: date | None) -> date | None:
    """First day of a day's month; None for none."""
    return None if day is None else day.replace(day=1)


def month_end(day: date | None) -> date | None:
    """Last day of a day's month; None for none."""
    if day is None:
        return None
    if (day.year, day.month) == (date.max.year, date.max.month):
        return date.max
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
