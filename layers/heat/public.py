"""What the public is told of cases: settings of releases, and the sums that are made of released counts."""

from __future__ import annotations

from dataclasses import dataclass

from layers.database.sqltext import Sql, all_of
from layers.heat.heat_request import ALL, HeatRequest


@dataclass(frozen=True)
class Publishing:
    """How counts are published in this city.

    Attributes
    ----------
    least_count : int
        The least count that is told, and the least width of what can be told of a hidden one.
    settle_days : int
        Days after its end in which a month still takes cases that come late; then it is closed.
    """

    least_count: int = 5
    settle_days: int = 7


_bound = Publishing()


def bind_publishing(publishing: Publishing) -> Publishing:
    """Make ``publishing`` that of this process: the administrator sets it for the command line, service and jobs."""
    global _bound
    _bound = publishing
    return publishing


def publishing() -> Publishing:
    """How counts are published, as this process was told."""
    return _bound


def released_resolution(wanted: HeatRequest) -> Sql:
    """The finest resolution that was released of the whole period, or a coarser one that is wanted."""
    return Sql(
        "(select wangge.released_resolution(%s::integer, %s::date, %s::date))",
        (wanted.resolution, wanted.first, wanted.last),
    )


def with_years(wanted: HeatRequest, months: Sql, resolution: Sql, within: Sql | None) -> Sql:
    """Released counts of a period: of each cell and whole year the year's own count where it was told, else the months
    that were.

    A year's count is never less than its told months together, so the greater of both is the year's. All of them are
    sums of what was told, and tell no more than that.

    Parameters
    ----------
    wanted : HeatRequest
        With the first and the last day of months as its edges.
    months : Sql
        Rows of the told months: cell, month, class_code, count.
    resolution : Sql
        Of the cells.
    within : Sql or None
        Select of the cells that are wanted; None for all.

    Returns
    -------
    Sql
        Rows ``cell, class_code, count``.
    """
    # an export is read by the owner, whom no row rule holds
    chosen = [Sql("(select wangge.heat_audience()) = 'public'"), Sql("resolution =") + resolution]
    if wanted.first is not None:
        chosen.append(Sql("year >= %s::date", (wanted.first,)))
    if wanted.last is not None:
        chosen.append(Sql("year + interval '1 year' - interval '1 day' <= %s::date", (wanted.last,)))
    if "class_code" not in wanted.spread:
        chosen.append(Sql("class_code = %s::text", (wanted.class_code,)))
    if wanted.type_code != ALL or wanted.channel != ALL:
        chosen.append(Sql("false"))
    if within is not None:
        chosen.append(Sql("cell in (") + within + Sql(")"))
    years = Sql("select cell, year, class_code, count from wangge.heat_years") + all_of(chosen)
    return (
        Sql("select cell, class_code, max(count) as count from (")
        + Sql("select cell, date_trunc('year', month)::date as year, class_code, sum(count) as count from (")
        + months
        + Sql(") as told group by 1, 2, 3 union all ")
        + years
        + Sql(") as known group by cell, year, class_code")
    )
