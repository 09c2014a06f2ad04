"""Case heat as a table that is summed for each request: one row a cell, for a period, a resolution, a class or type and
a channel. Pure, as the query builder is.

Whole months come from the rolled-up counts, the days at the edges of the period from those of a day. Row-level security
shows staff the exact counts and everybody else the released ones: both are in the statement, and one of them is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from geo.heat.cells import HEAT_RESOLUTIONS
from layers.database.sqltext import Sql, joined
from layers.features.moments import month_end, month_start
from layers.heat.heat_request import ALL, KINDS, HeatRequest
from layers.heat.readings import EXACT, columns_of, exact, released, rolled_up


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


def _period_name(wanted: HeatRequest) -> str:
    if wanted.first is None and wanted.last is None:
        return ALL
    return ".".join("" if day is None else f"{day:%Y%m%d}" for day in (wanted.first, wanted.last))
