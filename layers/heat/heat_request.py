"""Which counts of case heat are wanted, as a request of items, of a tile or of one feature's id says it.

A dimension that a request names in a filter or an order is spread out (a row for each of its values and for 'all');
one that it fixes has that value; any other is summed up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from geo.errors import InvalidInput
from layers.features.items_request import ItemsRequest
from layers.features.moments import Period, day_in_city, parse_period

HEAT: Final = "case-heat"
"""Id of the layer whose rows are these sums."""

DEFAULT_RESOLUTION: Final = 8
ALL: Final = "all"
KINDS: Final = ("class_code", "type_code", "channel")
_SPREAD: Final = frozenset({"resolution", "month", *KINDS})
_DAWN: Final = date(1000, 1, 1)
_ID: Final = re.compile(r"([0-9a-f]{15})(?:-(all|\d{6}|\d{0,8}\.\d{0,8})-(all|[a-z]+-\d{2}(?:\d{3})?)(?:-(.+))?)?\Z")


@dataclass(frozen=True)
class HeatRequest:
    """Which counts are wanted.

    Attributes
    ----------
    resolution : int
        Of the cells.
    first, last : date or None
        Days with which the period begins and ends; None for an open end.
    class_code, type_code, channel : str
        ``'all'`` or the one that is counted.
    spread : frozenset of str
        Dimensions of which every value has rows of its own.
    """

    resolution: int = DEFAULT_RESOLUTION
    first: date | None = None
    last: date | None = None
    class_code: str = ALL
    type_code: str = ALL
    channel: str = ALL
    spread: frozenset[str] = frozenset()


def heat_request(request: ItemsRequest, resolution: int = DEFAULT_RESOLUTION) -> HeatRequest:
    """The counts that a request of items or of a tile wants.

    Parameters
    ----------
    request : ItemsRequest
        Its period, property filters, filter and order.
    resolution : int
        Where it names none.
    """
    named = {column for column, _ in request.sortby} | (request.condition.names if request.condition else frozenset())
    wanted = HeatRequest(resolution, spread=frozenset(named & _SPREAD))
    if request.period is not None:
        wanted = _within(wanted, request.period)
    for column, value in request.equals:
        if column == "resolution" and isinstance(value, int):
            wanted = replace(wanted, resolution=value if 0 <= value < 16 else 0)
        elif column == "month" and isinstance(value, Period):
            wanted = replace(_within(wanted, value), spread=wanted.spread | {"month"})
        elif column == "class_code":
            wanted = replace(wanted, class_code=str(value))
        elif column == "type_code":
            wanted = replace(wanted, type_code=str(value))
        elif column == "channel":
            wanted = replace(wanted, channel=str(value))
    return wanted


def request_of_id(id_: str, request: ItemsRequest) -> ItemsRequest:
    """The request in whose rows the feature of an id stands: `request` with what the id names.

    An id is the cell, and where not everything is summed up the period, the class or type, and the channel:
    ``8830f2b0d7fffff-202405-matter-06``.
    """
    found = _ID.match(id_)
    if found is None:
        return request
    equals: list[tuple[str, object]] = [("cell", found[1]), ("resolution", int(found[1], 16) >> 52 & 15)]
    period, kind, channel = found[2] or ALL, found[3] or ALL, found[4] or ALL
    if kind != ALL:
        equals.append(("class_code" if len(kind.rpartition("-")[2]) == 2 else "type_code", kind))
    if channel != ALL:
        equals.append(("channel", channel))
    try:
        if period.isdigit():
            equals.append(("month", parse_period(f"{period[:4]}-{period[4:]}")))
        elif period != ALL:
            days = (f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ".." for day in period.split("."))
            request = replace(request, period=parse_period("/".join(days)))
    except InvalidInput:
        return request
    return replace(request, equals=tuple(equals))


def _within(wanted: HeatRequest, period: Period) -> HeatRequest:
    """The counts in a further period; counts are kept a day, so one that begins within a day takes all of it."""
    first = wanted.first if period.start is None else day_in_city(period.start)
    last = wanted.last if period.end is None else day_in_city(period.end)
    first = max((day for day in (first, wanted.first) if day is not None), default=None)
    last = min((day for day in (last, wanted.last) if day is not None), default=None)
    # no case is older, and the month before has to be a date
    return replace(wanted, first=first and max(first, _DAWN), last=last and max(last, _DAWN))
