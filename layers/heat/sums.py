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
from datetime import date, timedelta
from typing import Final

from geo.errors import InvalidInput
from geo.heat.cells import CASE_RESOLUTION, HEAT_RESOLUTIONS
from layers.database.sqltext import Sql, all_of, joined
from layers.features.items_request import ItemsRequest
from layers.features.moments import Period, day_in_city, parse_period

HEAT: Final = "case-heat"
"""Id of the layer whose rows are these sums."""

DEFAULT_RESOLUTION: Final = 8
ALL: Final = "all"
_KINDS: Final = ("class_code", "type_code", "channel")
_SPREAD: Final = frozenset({"resolution", "month", *_KINDS})
_DAWN: Final = date(1000, 1, 1)
_EXACT: Final = "(select wangge.heat_audience()) = 'staff'"
"""Asked besides the row rule, which the owner of the tables is not held to."""

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
        touched = (_month_start(wanted.first), _month_end(wanted.last))
        edge = f"case when {_EXACT} then %s::date else %s::date end"
        days = Sql(
            f"null::date as month, {edge} as first_day, {edge} as last_day,",
            (wanted.first, touched[0], wanted.last, touched[1]),
        )
        period = Sql("%s::text as period,", (_period_name(wanted),))
    fixed = [name for name in _KINDS if name not in wanted.spread]
    kinds = Sql("".join(f" %s::text as {name}," for name in fixed), tuple(getattr(wanted, name) for name in fixed))
    kinds += Sql("".join(f" {name}," for name in _KINDS if name in wanted.spread))
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
    exact = _exact(wanted, within)
    whole = joined((*exact, _released(wanted, within)), " union all ")
    month = wanted.first is not None and (_month_start(wanted.first), _month_end(wanted.first)) == (
        wanted.first, wanted.last,
    )  # fmt: skip
    if month and _rolled_up(wanted):
        return whole  # a month has a cell once
    keys = _columns(wanted)
    return Sql(f"select {keys}, sum(count)::bigint as count from (") + whole + Sql(f") as counted group by {keys}")


def _exact(wanted: HeatRequest, within: Sequence[Sql]) -> list[Sql]:
    """What staff see: whole months from the rolled-up counts where these know what is asked, else days."""
    first, last = wanted.first, wanted.last
    if "month" in wanted.spread:
        first, last = _month_start(first), _month_end(last)
    if _rolled_up(wanted):
        begin, end = first, last
        if first is not None and first.day > 1:
            begin = (first + timedelta(days=32 - first.day)).replace(day=1)
        if last is not None and last != _month_end(last):
            end = last.replace(day=1) - timedelta(days=1)
        if begin is None or end is None or begin < end:
            parts = [_months("staff", wanted, begin, end, within)]
            if first is not None and begin is not None and first < begin:
                parts.append(_days(wanted, first, begin - timedelta(days=1), within))
            if last is not None and end is not None and end < last:
                parts.append(_days(wanted, end + timedelta(days=1), last, within))
            return parts
    return [_days(wanted, first, last, within)]


def _rolled_up(wanted: HeatRequest) -> bool:
    """Whether the rows of a month know all that is asked: in cells above the cases', in the coarser ones by class or by
    channel as well.
    """
    asked = [name for name in _KINDS if name in wanted.spread or getattr(wanted, name) != ALL]
    return wanted.resolution < CASE_RESOLUTION - (1 if asked else 0) and asked in ([], ["class_code"], ["channel"])


def _released(wanted: HeatRequest, within: Sequence[Sql]) -> Sql:
    """What everybody else sees: released counts of the months that the period touches."""
    return _months("public", wanted, _month_start(wanted.first), _month_end(wanted.last), within)


def _months(
    audience: str, wanted: HeatRequest, first: date | None, last: date | None, within: Sequence[Sql]
) -> Sql:
    """Rows of ``wangge.case_heat``; the audience is named for the index, row-level security decides."""
    resolution = Sql("%s::smallint", (wanted.resolution,))
    if audience == "public" and "resolution" not in wanted.spread:
        resolution = Sql("(select wangge.released_resolution(%s::integer))", (wanted.resolution,))
    chosen = [
        Sql("(select wangge.heat_audience()) = %s::text", (audience,)),
        Sql("audience = %s::text", (audience,)),
        Sql("resolution =") + resolution,
    ]
    for name in ("class_code", "channel"):
        if name not in wanted.spread:
            chosen.append(Sql(f"{name} = %s::text", (getattr(wanted, name),)))
    columns = "cell, month, class_code, channel"
    if "type_code" in wanted.spread:
        columns += ", 'all' as type_code"
    elif wanted.type_code != ALL:
        chosen.append(Sql("false"))
    chosen += [Sql(f"month {op} %s::date", (day,)) for op, day in ((">=", first), ("<=", last)) if day is not None]
    if within:
        chosen.append(Sql("cell in (") + _cells(resolution, within) + Sql(")"))
    return Sql(f"select {_columns(wanted)}, count from (select {columns}, count from wangge.case_heat") + all_of(
        chosen
    ) + Sql(") as months")


def _days(wanted: HeatRequest, first: date | None, last: date | None, within: Sequence[Sql]) -> Sql:
    """Rows of ``wangge.case_counts``, seen by those alone whose sight doesn't end at a township's border."""
    chosen = [Sql(_EXACT)]
    chosen += [Sql(f"day {op} %s::date", (day,)) for op, day in ((">=", first), ("<=", last)) if day is not None]
    cell = "cell" if wanted.resolution == CASE_RESOLUTION else "wangge.h3_parent(cell, %s)"
    source = Sql("select")
    values = {
        "class_code": "wangge.class_of(category, type_code)", "type_code": "category || '-' || type_code",
        "channel": "channel",
    }  # fmt: skip
    spread = []
    for name, value in values.items():
        if name in wanted.spread:
            spread.append(f"lateral (values ('all'), ({value})) as spread_{name} ({name})")
    for name, value in values.items():
        if name not in wanted.spread and getattr(wanted, name) != ALL:
            chosen.append(Sql(f"{value} = %s::text", (getattr(wanted, name),)))
    own = () if wanted.resolution == CASE_RESOLUTION else (wanted.resolution,)
    if within:
        chosen.append(
            Sql(f"{cell} in (", own) + _cells(Sql("%s::smallint", (wanted.resolution,)), within) + Sql(")")
        )
    kinds = "".join(f", spread_{name}.{name} as {name}" for name in _KINDS if name in wanted.spread)
    source = Sql(f"select {cell} as cell, date_trunc('month', day)::date as month{kinds}, count", own) + Sql(
        f"from {', '.join(['wangge.case_counts', *spread])}"
    )
    return Sql(f"select {_columns(wanted)}, count from (") + source + all_of(chosen) + Sql(") as days")


def _columns(wanted: HeatRequest) -> str:
    """Cell and what is spread out."""
    return ", ".join(["cell", *(name for name in ("month", *_KINDS) if name in wanted.spread)])


def _cells(resolution: Sql, within: Sequence[Sql]) -> Sql:
    return Sql("select cell from wangge.h3_cells") + all_of([Sql("resolution =") + resolution, *within])


def _within(wanted: HeatRequest, period: Period) -> HeatRequest:
    """The counts in a further period; counts are kept a day, so one that begins within a day takes all of it."""
    first = wanted.first if period.start is None else day_in_city(period.start)
    last = wanted.last if period.end is None else day_in_city(period.end)
    first = max((day for day in (first, wanted.first) if day is not None), default=None)
    last = min((day for day in (last, wanted.last) if day is not None), default=None)
    # no case is older, and the month before has to be a date
    return replace(wanted, first=first and max(first, _DAWN), last=last and max(last, _DAWN))


def _month_start(day: date | None) -> date | None:
    return None if day is None else day.replace(day=1)


def _month_end(day: date | None) -> date | None:
    if day is None:
        return None
    return date.max if (day.year, day.month) == (9999, 12) else (
        day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _period_name(wanted: HeatRequest) -> str:
    if wanted.first is None and wanted.last is None:
        return ALL
    return ".".join("" if day is None else f"{day:%Y%m%d}" for day in (wanted.first, wanted.last))
