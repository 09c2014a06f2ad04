"""Case heat as a table that is summed for each request: one row a cell, for a period, a resolution, a class or type and
a channel. Pure, as the query builder is.

A dimension that a request names in a filter or an order is spread out (a row for each of its values and for 'all');
one that it fixes has that value; any other is summed up. Whole months come from the rolled-up counts, the days at the
edges of the period from those of a day. Row-level security shows staff the exact counts and everybody else the released
ones: both are in the statement, and one of them is empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from geo.errors import InvalidInput
from geo.heat.cells import HEAT_RESOLUTIONS
from layers.database.sqltext import Sql, joined
from layers.features.items_request import ItemsRequest
from layers.features.moments import Period, day_in_city, month_end, month_start, parse_period
from layers.heat.readings import ALL, EXACT, KINDS, columns_of, exact, released, rolled_up

HEAT: Final = "case-heat"
"""Id of the layer whose rows are these sums."""

DEFAULT_RESOLUTION: Final = 8
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


def heat_rows(wanted: HeatRequest, within: Sequence[Sql] = ()) -> Sql:
    """FROM item with the layer's columns, ``fid``, ``xmin`` (which changes with the count), ``geom``, ``mercator``.

    Parameters
    ----------
    wanted : HeatRequest
        Which counts.
    within : sequence of Sql
        Conditions on the cells, by the columns of ``wangge.h3_cells``: a small map must not sum up a whole city.
    """
    resolutions = HEAT_RESOLUTIONS if "resolution" in wanted.spread else (wanted.resolution,)
    summed = joined((_summed(replace(wanted, resolution=one), within) for one in resolutions), " union all ")
    kind = "case when type_code <> 'all' then type_code else class_code end"
    id_ = (
        f"cell || case when period = 'all' and {kind} = 'all' and channel = 'all' then ''"
        f" else '-' || period || '-' || {kind} || case when channel = 'all' then '' else '-' || channel end end"
    )
    return (
        Sql(
            # 52 bits of the hash leave the cell's resolution and base cell: no row number is negative
            "(select number # (hashtextextended(id, 0) & 4503599627370495) as fid, count as xmin, id, cell, resolution,"
            " month, first_day, last_day, class_code, type_code, channel, count, geom, mercator"
            f" from (select *, {id_} as id from ("
        )
        + summed
        + Sql(") as summed) as named) as heat")
    )


def _summed(wanted: HeatRequest, within: Sequence[Sql]) -> Sql:
    """Rows of one resolution."""
    by_month = "month" in wanted.spread
    if by_month:
        days = Sql("month, month as first_day, (month + interval '1 month' - interval '1 day')::date as last_day,")
        period = Sql("to_char(month, 'YYYYMM') as period,")
    else:
        # the public's counts are of whole months, and say so
        touched = (month_start(wanted.first), month_end(wanted.last))
        edge = f"case when {EXACT} then %s::date else %s::date end"
        days = Sql(
            f"null::date as month, {edge} as first_day, {edge} as last_day,",
            (wanted.first, touched[0], wanted.last, touched[1]),
        )
        period = Sql("%s::text as period,", (_period_name(wanted),))
    fixed = [name for name in KINDS if name not in wanted.spread]
    kinds = Sql("".join(f" %s::text as {name}," for name in fixed), tuple(getattr(wanted, name) for name in fixed))
    kinds += Sql("".join(f" {name}," for name in KINDS if name in wanted.spread))
    return (
        Sql("select outlines.cell as number, to_hex(outlines.cell) as cell, outlines.resolution,")
        + days
        + period
        + kinds
        + Sql("count, geom, mercator from (")
        + heat_counts(wanted, within)
        + Sql(") as counts join wangge.h3_cells as outlines using (cell)")
    )


def heat_counts(wanted: HeatRequest, within: Sequence[Sql] = ()) -> Sql:
    """Statement with ``cell``, the dimensions that are spread out, and ``count``, of one resolution.

    Parameters
    ----------
    wanted : HeatRequest
        Which counts.
    within : sequence of Sql
        Conditions on the cells, by the columns of ``wangge.h3_cells``.
    """
    whole = joined((*exact(wanted, within), released(wanted, within)), " union all ")
    month = wanted.first is not None and (month_start(wanted.first), month_end(wanted.first)) == (
        wanted.first, wanted.last,
    )  # fmt: skip
    if month and rolled_up(wanted):
        return whole  # a month has a cell once
    keys = columns_of(wanted)
    return Sql(f"select {keys}, sum(count)::bigint as count from (") + whole + Sql(f") as counted group by {keys}")


def _within(wanted: HeatRequest, period: Period) -> HeatRequest:
    """The counts in a further period; counts are kept a day, so one that begins within a day takes all of it."""
    first = wanted.first if period.start is None else day_in_city(period.start)
    last = wanted.last if period.end is None else day_in_city(period.end)
    first = max((day for day in (first, wanted.first) if day is not None), default=None)
    last = min((day for day in (last, wanted.last) if day is not None), default=None)
    # no case is older, and the month before has to be a date
    return replace(wanted, first=first and max(first, _DAWN), last=last and max(last, _DAWN))


def _period_name(wanted: HeatRequest) -> str:
    if wanted.first is None and wanted.last is None:
        return ALL
    return ".".join("" if day is None else f"{day:%Y%m%d}" for day in (wanted.first, wanted.last))
